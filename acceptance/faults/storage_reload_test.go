package faults_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A configuration that is loaded while the storage fails goes on with what the process
// knew: nobody who is logged in notices, and nobody who logged out gets in. A process that
// starts then knows nothing: who has a session is asked to come back, whatever it is worth,
// until the storage was read, unless the operator lets them in.
func TestLoadsUnderStorageFaults(t *testing.T) {
	shortenStorage(t)
	t.Setenv("FAULTY_SECRET", caddytest.NewSessionKey())
	modes := storageModes()
	for _, m := range storageModes() {
		m.name, m.secret = m.name+"-secret", true
		modes = append(modes, m)
		if !m.readable() {
			m.name, m.accept = m.name+"-accept", true
			if m.fault.deaf != nil {
				m.fault.deaf = make(chan struct{})
			}
			modes = append(modes, m)
		}
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
	each("reloaded", (*faultyVisit).reloadedBroken)
	s.Restart(global, sites)
	each("restarted", (*faultyVisit).restartedBroken)
	each("restarted, mended", (*faultyVisit).loadedMended)
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

// reloadedBroken: the configuration is new, and the storage broken.
func (v *faultyVisit) reloadedBroken() {
	v.dead("reloaded")
	v.inside(v.holder, "reloaded")
}

// restartedBroken: the process is new, and the storage broken.
func (v *faultyVisit) restartedBroken() {
	switch {
	case v.m.readable():
		v.dead("restarted")
		v.inside(v.holder, "restarted")
		return
	case v.m.accept:
		v.inside(v.holder, "restarted")
		if n := v.told("storage_down accept"); n == 0 {
			v.t.Error("that who logged out gets in is not told")
		}
		return
	}
	nobody := v.browser()
	nobody.Jar = nil
	for who, cookies := range map[string]string{"who has a session": v.holder.Cookies(), "who logged out": v.gone} {
		a := nobody.Send(http.MethodGet, "/x", http.Header{"Cookie": {cookies}, "Accept": {"application/json"}, "Sec-Fetch-Mode": {"cors"}, "Sec-Fetch-Dest": {"empty"}})
		if a.StatusCode != http.StatusServiceUnavailable || !strings.Contains(a.Text, "storage_unavailable") || a.Header.Get("Retry-After") == "" {
			v.t.Errorf("a program of %s gets %d: %s", who, a.StatusCode, a.Text)
		}
	}
	before := v.loginsFailed("")
	for _, path := range []string{"/x", "/.proconnect/session", "/.proconnect/logout", "/.proconnect/callback?code=c&state=s"} {
		a := v.holder.Visit(path)
		if a.StatusCode != http.StatusServiceUnavailable || a.Page() != "problem storage_unavailable" || a.Header.Get("Retry-After") == "" {
			v.t.Errorf("%s: who has a session gets %d, page %q, Retry-After %q", path, a.StatusCode, a.Page(), a.Header.Get("Retry-After"))
		}
	}
	if n := v.loginsFailed("") - before; n != 1 {
		v.t.Errorf("one login came back and found no storage, and %d are told", n)
	}
	if a := v.browser().Visit("/x"); a.StatusCode != http.StatusUnauthorized {
		v.t.Errorf("a stranger gets %d, page %q", a.StatusCode, a.Page())
	}
	if n := v.told("storage was not read since"); n != 1 {
		v.t.Errorf("the cause was told %d times", n)
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
	for deadline := time.Now().Add(time.Minute); worth(v.holder.Cookies()) != http.StatusOK || worth(v.gone) != http.StatusUnauthorized; {
		if time.Now().After(deadline) {
			break
		}
		<-time.After(50 * time.Millisecond) // between two questions, not for an answer
	}
	v.inside(v.holder, "mended")
	v.dead("mended")
}
