package faults_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

// A configuration that is loaded while the storage fails knows nothing of the
// one before: keys and logouts have to be read anew. Sessions go on where that
// can be done, or where the operator gave the key; elsewhere nobody gets in, and
// everybody does again, without another login, once the storage is back. A
// logout holds wherever it can be read.
func TestLoadsUnderStorageFaults(t *testing.T) {
	caddytest.Shorten(t, &seal.StorageWait, time.Second)
	t.Setenv("FAULTY_SECRET", caddytest.NewSessionKey())
	modes := storageModes()
	for _, m := range storageModes() {
		m.name, m.secret = m.name+"-secret", true
		modes = append(modes, m)
	}
	global, sites := faultySites(modes)
	s := caddytest.Start(t, global, sites)
	var visits []*faultyVisit
	for _, m := range modes {
		v := &faultyVisit{t: t, s: s, m: m}
		v.loggedIn()
		visits = append(visits, v)
	}
	each := func(phase string, visit func(*faultyVisit)) {
		for _, v := range visits {
			t.Run(v.m.name+", "+phase, func(t *testing.T) {
				v.t, v.holder.T = t, t
				visit(v)
			})
		}
	}
	breakAll := func() {
		for _, v := range visits {
			breakStorage(v.m.name, v.m.fault)
			t.Cleanup(func() { mendStorage(v.m.name) })
		}
	}
	breakAll()
	s.Load(global, sites)
	each("reloaded", (*faultyVisit).loadedBroken)
	each("reloaded, mended", (*faultyVisit).loadedMended)
	// A restart differs from a reload by what the process knew, and that is nothing.
	visits = slices.DeleteFunc(visits, func(v *faultyVisit) bool { return !v.m.readable() })
	breakAll()
	s.Restart(global, sites)
	each("restarted", (*faultyVisit).loadedBroken)
}

// loggedIn: somebody is logged in, and somebody else was.
func (v *faultyVisit) loggedIn() {
	v.t.Helper()
	v.holder = v.browser()
	other := v.browser()
	for _, b := range []*caddytest.Browser{v.holder, other} {
		if a := b.Login("/x", ministry); a.StatusCode != http.StatusOK {
			v.t.Fatalf("%s: a login ends at %d, page %q", v.m.name, a.StatusCode, a.Page())
		}
	}
	v.gone = other.Cookies()
	if a := other.Visit("/.proconnect/logout"); a.StatusCode != http.StatusSeeOther {
		v.t.Fatalf("%s: a logout ends at %d, page %q", v.m.name, a.StatusCode, a.Page())
	}
}

// loadedBroken: the configuration is new, and the storage broken.
func (v *faultyVisit) loadedBroken() {
	if v.m.readable() {
		v.dead("broken")
	}
	if v.m.readable() || v.m.secret {
		v.inside(v.holder, "broken")
		return
	}
	for who, b := range map[string]*caddytest.Browser{"who has a session": v.holder, "a stranger": v.browser()} {
		a := b.Visit("/x")
		if a.StatusCode != http.StatusUnauthorized && a.StatusCode != http.StatusServiceUnavailable || a.Page() == "" || !caddytest.NextStep.MatchString(a.Text) {
			v.t.Errorf("%s gets %d, page %q: %s", who, a.StatusCode, a.Page(), a.Text)
		}
	}
	if a := v.browser().Visit("/.proconnect/login"); a.StatusCode != http.StatusServiceUnavailable || a.Page() != "problem storage_unavailable" {
		v.t.Errorf("a login starts with %d, page %q", a.StatusCode, a.Page())
	}
}

// loadedMended: within seconds all is as it was before the storage broke.
func (v *faultyVisit) loadedMended() {
	v.mend()
	worth := func(cookies string) int {
		b := v.browser()
		b.Jar = nil
		return b.Send(http.MethodGet, "/x", http.Header{"Cookie": {cookies}}).StatusCode
	}
	for deadline := time.Now().Add(15 * time.Second); worth(v.holder.Cookies()) != http.StatusOK || worth(v.gone) != http.StatusUnauthorized; {
		if time.Now().After(deadline) {
			break
		}
		<-time.After(50 * time.Millisecond) // between two questions, not for an answer
	}
	v.inside(v.holder, "mended")
	v.dead("mended")
}
