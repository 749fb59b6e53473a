// Package faults_test breaks what a site depends on, its storage above all, and loads it
// with people and reloads: those who are logged in notice nothing, and it heals by itself.
package faults_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// storageMode is a way for a storage to fail, and what becomes of logins where
// no key was ever made.
type storageMode struct {
	name   string
	fault  storageFault
	memory bool // they go on with a key in memory; else they wait for the storage
	works  bool // nothing is wrong, but that it takes its time
	secret bool // the operator gave the key
	accept bool // the operator lets people in before it was read
}

// readable says whether what is in the storage can be had.
func (m storageMode) readable() bool { return m.fault.read == nil && m.fault.deaf == nil }

func storageModes() []storageMode {
	return []storageMode{
		{name: "readonly", fault: storageFault{write: syscall.EROFS}, memory: true},
		{name: "full", fault: storageFault{write: syscall.ENOSPC}, memory: true},
		{name: "absent", fault: storageFault{read: syscall.ECONNREFUSED, write: syscall.ECONNREFUSED}},
		{name: "slow", fault: storageFault{delay: 20 * time.Millisecond}, works: true},
		{name: "deaf", fault: storageFault{deaf: make(chan struct{})}},
	}
}

// faultySites have a client for each mode, which keeps its keys in the storage
// unless they are the operator's.
func faultySites(modes []storageMode) (global, sites string) {
	global = "storage faulty {$DIR}/storage\n"
	for _, m := range modes {
		session := ""
		if m.secret {
			session = "session {\n secret {env.FAULTY_SECRET}\n }\n "
		}
		if m.accept {
			session = "session {\n secret {env.FAULTY_SECRET}\n storage_down accept\n }\n "
		}
		global += "proconnect " + m.name + " {\n environment sandbox\n client_id " + m.name + "\n " + session + "}\n"
		sites += "\nhttp://" + m.name + ".localhost:{$PORT} {\n proconnect {\n client " + m.name + "\n allow any\n }\n respond \"inside {http.auth.user.email}\"\n}"
	}
	return global, sites
}

var ministry = url.Values{"person": {"ministry"}}

// The storage holds keys and logouts. When it fails, people with a session
// notice nothing, others log in or are told to come back, the cause is logged
// once, and it heals by itself.
func TestStorageFaults(t *testing.T) {
	shortenStorage(t)
	modes := storageModes()
	for _, m := range modes {
		breakStorage(m.name, m.fault)
		t.Cleanup(func() { mendStorage(m.name) })
	}
	global, sites := faultySites(modes)
	s := caddytest.Start(t, global, sites)
	visits := make([]*faultyVisit, len(modes))
	for i, m := range modes {
		visits[i] = &faultyVisit{s: s, m: m}
	}
	each := func(phase string, visit func(*faultyVisit)) {
		for _, v := range visits {
			t.Run(v.m.name+", "+phase, func(t *testing.T) {
				v.t = t
				if v.holder != nil {
					v.holder.T = t
				}
				visit(v)
			})
		}
	}
	each("from the start", (*faultyVisit).fromTheStart)
	// Of the 20 logins that did not start at each of two sites.
	if n := strings.Count(s.Logs(), `"msg":"storage does not answer`); n != 2 {
		t.Errorf("the cause was told %d times, want 2", n)
	}
	s.Load(global, sites)
	each("reloaded", (*faultyVisit).reloaded)
	each("mended", (*faultyVisit).mended)
	each("under sessions", (*faultyVisit).underSessions)
	each("mended again", (*faultyVisit).mendedAgain)
	s.Restart(global, sites)
	each("after a restart", (*faultyVisit).restarted)
}

// faultyVisit is what happens at the site of one client.
type faultyVisit struct {
	t      *testing.T
	s      *caddytest.Server
	m      storageMode
	holder *caddytest.Browser // has a session
	gone   string             // the cookies of a session that was logged out
}

func (v *faultyVisit) browser() *caddytest.Browser {
	b := v.s.Browser("http://" + v.m.name + ".localhost:{$PORT}")
	b.T = v.t
	b.RetryResets()
	return b
}

// told is how often a message was logged of this client.
func (v *faultyVisit) told(message string) int {
	n := 0
	for line := range strings.Lines(v.s.Logs()) {
		if strings.Contains(line, `"msg":"`+message) && (strings.Contains(line, `"client":"`+v.m.name+`"`) || strings.Contains(line, v.m.name+".localhost")) {
			n++
		}
	}
	return n
}

// loginsFailed is how many events tell of a login of this client that failed for a reason,
// or for any.
func (v *faultyVisit) loginsFailed(reason string) (count int) {
	v.t.Helper()
	for _, line := range caddytest.Audited(v.t, filepath.Join(v.s.Dir, "log.json"), "login_failed") {
		if line.Text("client") == v.m.name && (reason == "" || line.Text("reason") == reason) {
			count++
		}
	}
	return count
}

func (v *faultyVisit) inside(b *caddytest.Browser, when string) {
	v.t.Helper()
	began := time.Now()
	a := b.Visit("/x")
	if a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Text, "inside ") {
		v.t.Errorf("%s: who has a session gets %d, page %q", when, a.StatusCode, a.Page())
	}
	if took := time.Since(began); took > 15*time.Second {
		v.t.Errorf("%s: who has a session waits %s", when, took)
	}
}

// fromTheStart: nobody ever logged in, and the storage is broken.
func (v *faultyVisit) fromTheStart() {
	b := v.browser()
	if v.m.memory || v.m.works {
		v.holder = b
		if a := b.Login("/x", ministry); a.StatusCode != http.StatusOK {
			v.t.Fatalf("a login ends at %d, page %q", a.StatusCode, a.Page())
		}
		v.browser().Login("/x", ministry)
		if n := v.told("storage cannot be written"); v.m.memory != (n == 1) || n > 1 {
			v.t.Errorf("the cause was told %d times", n)
		}
		return
	}
	for range 20 {
		a := b.Visit("/.proconnect/login?return_to=/x")
		if a.StatusCode != http.StatusServiceUnavailable || a.Page() != "problem storage_unavailable" || a.Header.Get("Retry-After") == "" || !caddytest.NextStep.MatchString(a.Text) {
			v.t.Fatalf("a login starts with %d, page %q, Retry-After %q", a.StatusCode, a.Page(), a.Header.Get("Retry-After"))
		}
		if len(a.Cookies()) > 0 {
			v.t.Errorf("it leaves %v", a.Cookies())
		}
	}
	if n := v.loginsFailed("storage does not answer, so no login can start"); n != 20 {
		v.t.Errorf("%d of 20 logins that could not begin are told", n)
	}
}

// reloaded: a key that is only in memory outlives a reload.
func (v *faultyVisit) reloaded() {
	if v.holder != nil {
		v.inside(v.holder, "reloaded")
	}
}

// mended: once the storage is back, logins work, without anybody's doing.
func (v *faultyVisit) mended() {
	v.mend()
	if v.holder == nil {
		v.holder = v.browser()
		for deadline := time.Now().Add(time.Minute); v.holder.Visit("/.proconnect/login").StatusCode == http.StatusServiceUnavailable; {
			if time.Now().After(deadline) {
				v.t.Fatal("it does not heal")
			}
			<-time.After(50 * time.Millisecond) // between two questions, not for an answer
		}
		v.holder.Login("/x", ministry)
	}
	v.inside(v.holder, "mended")
}

func (v *faultyVisit) mend() {
	mendStorage(v.m.name)
	if v.m.fault.deaf != nil {
		close(v.m.fault.deaf)
		v.m.fault.deaf = make(chan struct{})
	}
}

// underSessions: the storage breaks while people are logged in. They go on,
// others log in, and a logout counts here at once.
func (v *faultyVisit) underSessions() {
	breakStorage(v.m.name, v.m.fault)
	v.inside(v.holder, "broken")
	other := v.browser()
	if a := other.Login("/x", ministry); a.StatusCode != http.StatusOK {
		v.t.Fatalf("a login ends at %d, page %q", a.StatusCode, a.Page())
	}
	v.gone = other.Cookies()
	began := time.Now()
	if a := other.Visit("/.proconnect/logout"); a.StatusCode != http.StatusSeeOther {
		v.t.Errorf("a logout ends at %d, page %q", a.StatusCode, a.Page())
	}
	if took := time.Since(began); took > 15*time.Second {
		v.t.Errorf("a logout takes %s", took)
	}
	v.dead("broken")
	v.inside(v.holder, "broken, after another's logout")
	// A first outage may have been noticed, and its end.
	fails, again := v.told("storage fails"), v.told("storage works again")
	if v.m.works && fails > 0 || !v.m.works && (fails-again != 1 || fails > 2) {
		v.t.Errorf("the cause was told %d times, its end %d times", fails, again)
	}
	v.mend()
}

// dead checks the cookies of who logged out.
func (v *faultyVisit) dead(when string) {
	v.t.Helper()
	b := v.browser()
	b.Jar = nil
	if a := b.Send(http.MethodGet, "/x", http.Header{"Cookie": {v.gone}}); a.StatusCode != http.StatusUnauthorized {
		v.t.Errorf("%s: the cookies of who logged out are worth %d", when, a.StatusCode)
	}
}

// mendedAgain: the logout gets into the storage by itself, for the other nodes.
func (v *faultyVisit) mendedAgain() {
	records := filepath.Join(v.s.Dir, "storage", filepath.FromSlash(clientDirectory(v.m.name)), "revoked")
	for deadline := time.Now().Add(time.Minute); ; {
		if found, _ := os.ReadDir(records); len(found) > 0 {
			break
		}
		if time.Now().After(deadline) {
			v.t.Fatal("the logout is not in the storage")
		}
		<-time.After(50 * time.Millisecond) // between two looks, not for a result
	}
	v.inside(v.holder, "mended again")
	v.dead("mended again")
}

// restarted: what is in the storage counts after a restart; a key that was only
// in memory does not open what it sealed.
func (v *faultyVisit) restarted() {
	v.dead("restarted")
	if !v.m.memory {
		v.inside(v.holder, "restarted")
	}
	if a := v.browser().Login("/x", ministry); a.StatusCode != http.StatusOK {
		v.t.Errorf("a login ends at %d, page %q", a.StatusCode, a.Page())
	}
}

// A logout that waits for the storage is not forgotten by a Caddy that stops, or
// that loads another configuration.
func TestLogoutsAreWrittenAtTheEnd(t *testing.T) {
	m := storageMode{name: "absent", fault: storageFault{read: syscall.ECONNREFUSED, write: syscall.ECONNREFUSED}}
	global, sites := faultySites([]storageMode{m})
	s := caddytest.Start(t, global, sites)
	for _, c := range []struct {
		name string
		ends func(*caddytest.Browser)
	}{
		{"restart", func(*caddytest.Browser) { s.Restart(global, sites) }},
		{"reload", func(b *caddytest.Browser) { s.Reload(b, global, sites) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := &faultyVisit{t: t, s: s, m: m}
			b := v.browser()
			if a := b.Login("/x", ministry); a.StatusCode != http.StatusOK {
				t.Fatalf("a login ends at %d, page %q", a.StatusCode, a.Page())
			}
			v.gone = b.Cookies()
			breakStorage(m.name, m.fault)
			t.Cleanup(func() { mendStorage(m.name) })
			b.Visit("/.proconnect/logout")
			v.dead("broken")
			mendStorage(m.name)
			c.ends(b)
			v.dead("after the " + c.name)
		})
	}
}
