package provider_test

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/waits"
)

// Anybody can begin logins and come back from nowhere with codes that they made up: each
// would be a call to ProConnect, which takes the site for the attacker. 300 at once, then
// one after another, make few calls. Somebody with a good code at another address gets
// in meanwhile, and at the same address as soon as it is over.
//
// The case: "300 callbacks with valid attempts and junk codes, at once and in a row".
func TestJunkCodesDoNotFloodProConnect(t *testing.T) {
	var now, together atomic.Int64
	caddytest.Shorten(t, &waits.Forgiven, time.Second/2)
	h := newWorld(t, 0, func(p *misbehaving) { p.Register("rs", "RS256", "RS256") })
	l := h.p.Clients["rs"]
	h.goodLogin(t, l)
	l.Behave(misconduct{Reply: map[string]func(*pendingReply){"token": func(*pendingReply) {
		if n := now.Add(1); n > together.Load() {
			together.Store(n)
		}
		<-time.After(20 * time.Millisecond) // what a call takes
		now.Add(-1)
	}}})
	before, began := l.Calls()["token"], time.Now()
	var flood sync.WaitGroup
	var limited atomic.Int64
	for range 300 {
		flood.Go(func() {
			if h.junk(t, l) == http.StatusTooManyRequests {
				limited.Add(1)
			}
		})
	}
	shared := h.fromElsewhere(t, l)
	flood.Wait()
	for range 3 {
		h.junk(t, l)
	}
	// Twenty, and one for each that was forgiven; the good one.
	calls := l.Calls()["token"] - before
	if most := 21 + int(time.Since(began)/waits.Forgiven) + 1; calls > most {
		t.Errorf("%d calls in %s, want at most %d", calls, time.Since(began), most)
	}
	if n := together.Load(); n > 21 {
		t.Errorf("%d calls at once", n)
	}
	if n := int(limited.Load()); n < 300-calls {
		t.Errorf("%d calls were made, and %d of 300 were told to wait", calls, n)
	}
	if told, all := h.failures("logins wait: ProConnect refused too many codes of one address"), h.failures(""); told < int(limited.Load()) || all != 303+shared {
		t.Errorf("%d events tell of %d who were told to wait, %d of %d who came back in vain", told, limited.Load(), all, 303+shared)
	}
	colleague := h.visitor(t, l)
	h.entered(t, colleague, h.comeBack(colleague, h.atProvider(t, colleague, h.leave(t, colleague, "/wanted?a=b", ""))))
	if n := strings.Count(h.Logs(), `"msg":"logins wait: ProConnect refused too many codes of one address`); n != 1 {
		t.Errorf("the operator is told %d times", n)
	}
}

// fromElsewhere logs somebody in at another address, and returns how many came before who
// share a slot with those who make codes up: by the hash, one of a thousand addresses does.
func (h *world) fromElsewhere(t *testing.T, l *registeredClient) (shared int) {
	t.Helper()
	for _, address := range []string{"192.0.2.9", "192.0.2.10", "192.0.2.11"} {
		b := h.visitor(t, l)
		b.Transport = from{b.Transport, address}
		a := h.comeBack(b, h.atProvider(t, b, h.leave(t, b, "/wanted?a=b", "")))
		if a.StatusCode == http.StatusTooManyRequests && shared < 2 {
			shared++
			continue
		}
		h.entered(t, b, a)
		break
	}
	return shared
}

// failures is how many events tell of a failed login for a reason, or for any.
func (h *world) failures(reason string) (count int) {
	for _, line := range caddytest.Audited(h.T, filepath.Join(h.Dir, "log.json"), "login_failed") {
		if reason == "" || line.Text("reason") == reason {
			count++
		}
	}
	return count
}

// What nobody clicked for ends on the page that was asked for, where there is no turn for
// it: the event tells why there is no session.
func TestQuietLoginWithoutATurnIsTold(t *testing.T) {
	caddytest.Shorten(t, &waits.Turn, 20*time.Millisecond)
	caddytest.Shorten(t, &waits.Forgiven, time.Hour)
	h := newWorld(t, 0, func(p *misbehaving) { p.Register("rs", "RS256", "RS256").Options = "login silent" })
	l := h.p.Clients["rs"]
	b := h.visitor(t, l)
	away := b.Visit("/wanted") // to ProConnect, without a question to the person
	for range 20 {
		h.junk(t, l)
	}
	before := h.failures("")
	a := h.comeBack(b, h.atProvider(t, b, away))
	if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/wanted" {
		t.Fatalf("got %d, page %q, to %q", a.StatusCode, a.Page(), a.Header.Get("Location"))
	}
	if told, all := h.failures("logins wait: ProConnect refused too many codes of one address"), h.failures(""); told == 0 || all != before+1 {
		t.Errorf("%d events, of which %d tell of the crowd, want one more than %d", all, told, before)
	}
}

// junk comes back from a login with a code that nobody gave, and returns the status.
func (h *world) junk(t *testing.T, l *registeredClient) int {
	t.Helper()
	b := h.visitor(t, l)
	defer b.CloseIdleConnections()
	away, err := url.Parse(h.leave(t, b, "/", "").RedirectURL())
	if err != nil {
		t.Fatal(err)
	}
	q := url.Values{"code": {"made-up"}, "state": {away.Query().Get("state")}, "iss": {l.Issuer}}
	a := h.comeBack(b, "/.proconnect/callback?"+q.Encode())
	switch {
	case a.StatusCode == http.StatusTooManyRequests:
		if a.Page() != "problem too_many_logins" || a.Header.Get("Retry-After") == "" || !caddytest.NextStep.MatchString(a.Text) {
			t.Errorf("over the bound: page %q, Retry-After %q", a.Page(), a.Header.Get("Retry-After"))
		}
		if b.FindCookie("_browser") == nil {
			t.Error("over the bound, the attempt is lost")
		}
	case a.StatusCode != http.StatusBadGateway:
		t.Errorf("a code that was made up: %d, page %q", a.StatusCode, a.Page())
	}
	return a.StatusCode
}

// from has a browser come from another address, as a proxy that is trusted tells it.
type from struct {
	http.RoundTripper
	addr string
}

func (f from) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Forwarded-For", f.addr)
	return f.RoundTripper.RoundTrip(r)
}
