package provider_test

import (
	"net/http"
	"net/url"
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
	caddytest.Shorten(t, &waits.Turn, time.Second)
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
	elsewhere := h.visitor(t, l)
	elsewhere.Transport = from{elsewhere.Transport, "192.0.2.9"}
	a := h.comeBack(elsewhere, h.atProvider(t, elsewhere, h.leave(t, elsewhere, "/wanted?a=b", "")))
	h.entered(t, elsewhere, a)
	flood.Wait()
	for range 3 {
		h.junk(t, l)
	}
	// Twenty, and one for each that was forgiven; the good one.
	if calls, most := l.Calls()["token"]-before, 21+int(time.Since(began)/waits.Forgiven)+1; calls > most {
		t.Errorf("%d calls in %s, want at most %d", calls, time.Since(began), most)
	}
	if n := together.Load(); n > 21 {
		t.Errorf("%d calls at once", n)
	}
	if limited.Load() < 200 {
		t.Errorf("%d were told to wait", limited.Load())
	}
	colleague := h.visitor(t, l)
	h.entered(t, colleague, h.comeBack(colleague, h.atProvider(t, colleague, h.leave(t, colleague, "/wanted?a=b", ""))))
	if n := strings.Count(h.Logs(), "ProConnect refused too many codes of one address"); n != 1 {
		t.Errorf("the operator is told %d times", n)
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
