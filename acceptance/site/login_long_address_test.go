package site_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A login leads back to addresses as long as a state has room for, and of longer ones to
// the path: in the sandbox, too, which takes states as long as the real server does.
func TestLoginLeadsBackToLongAddresses(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, strings.Replace(renewingSite, "respond \"inside", "respond \"{uri} inside", 1))
	long, longer := "/search?q="+strings.Repeat("x", 500), "/search?q="+strings.Repeat("x", 600)
	for target, want := range map[string]string{long: long, longer: "/search"} {
		b := s.Browser("http://localhost:{$PORT}")
		if a := b.Login(target, url.Values{"person": {"ministry"}}); a.Text != want+" inside Camille eidas1" {
			t.Errorf("%d characters: %d, page %q: %.60s", len(target), a.StatusCode, a.Page(), a.Text)
		}
	}
}
