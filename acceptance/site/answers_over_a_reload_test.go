package site_test

import (
	"net/http"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// An answer counts once, also where the configuration was replaced in between: a login
// that failed has left the browser its secret, and loading the page again would send a
// code twice, for which ProConnect takes back what it gave.
func TestAnswerCountsOnceOverAReload(t *testing.T) {
	p := caddytest.NewProvider(t)
	const site = `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond "inside"
}`
	s := caddytest.Start(t, p.Option(), site)
	p.Behave(caddytest.Misconduct{Reply: map[string]func(*caddytest.Reply){"token": func(r *caddytest.Reply) {
		r.Status, r.Body = http.StatusBadRequest, `{"error":"invalid_grant"}`
	}}})
	b := s.Browser("http://localhost:{$PORT}")
	callback := b.Visit(b.Visit("/.proconnect/login?return_to=/x").RedirectURL()).RedirectURL()
	for range 2 {
		if a := b.Visit(callback); a.StatusCode < http.StatusBadRequest || b.Cookie("proconnect_browser") == "" {
			t.Fatalf("want a login that fails and leaves the secret, got %d, page %q", a.StatusCode, a.Page())
		}
		s.Reload(b, p.Option(), site)
	}
	if a := b.Visit(callback); a.StatusCode != http.StatusBadRequest {
		t.Errorf("got %d, page %q", a.StatusCode, a.Page())
	}
	if n := p.Calls()["token"]; n != 1 {
		t.Errorf("the code was sent %d times", n)
	}
}
