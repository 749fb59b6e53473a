package site_test

import (
	"net/http"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A proxy in front that takes early data marks what came in it (RFC 8470 §5.1). What
// has effects waits until the browser sends it again.
func TestEarlyDataOfAProxy(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, p.Option(), logoutSite)
	b := s.Browser("http://localhost:{$PORT}")
	back := b.Visit(b.Visit("/.proconnect/login?return_to=/").RedirectURL()).RedirectURL()
	for _, target := range []string{"/.proconnect/login", back, "/.proconnect/logout", "/.proconnect/logged-out"} {
		if a := b.Visit(target, "Early-Data", "1"); a.StatusCode != http.StatusTooEarly || len(a.Cookies()) != 0 {
			t.Errorf("%s: got %d, cookies %v", target, a.StatusCode, a.Cookies())
		}
	}
	if a := b.Visit(back); a.StatusCode != http.StatusSeeOther || b.Cookie("proconnect") == "" {
		t.Errorf("once the handshake is over: %d, page %q", a.StatusCode, a.Page())
	}
}
