package proconnect_test

import (
	"net/http"
	"testing"
)

// A proxy in front that takes early data marks what came in it (RFC 8470 §5.1). What
// has effects waits until the browser sends it again.
func TestEarlyDataOfAProxy(t *testing.T) {
	p := newProvider(t)
	s := start(t, p.link(), logoutSite)
	b := s.browser("http://localhost:{$PORT}")
	back := b.get(b.get("/.proconnect/login?return_to=/").location()).location()
	for _, target := range []string{"/.proconnect/login", back, "/.proconnect/logout", "/.proconnect/logged-out"} {
		if a := b.get(target, "Early-Data", "1"); a.StatusCode != http.StatusTooEarly || len(a.Cookies()) != 0 {
			t.Errorf("%s: got %d, cookies %v", target, a.StatusCode, a.Cookies())
		}
	}
	if a := b.get(back); a.StatusCode != http.StatusSeeOther || b.cookie("proconnect") == "" {
		t.Errorf("once the handshake is over: %d, page %q", a.StatusCode, a.page())
	}
}
