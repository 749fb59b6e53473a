package proconnect_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A login that was under way while the configuration changed has not asked for
// what the new rules read. What was not asked for is not absent: the person
// passes by ProConnect once more, and is then seen for who they are.
func TestLoginAcrossReload(t *testing.T) {
	const site = `
http://localhost:{$PORT} {
	proconnect {
		allow %s
	}
	respond "protected"
}`
	s := caddytest.Start(t, caddytest.Sandbox, fmt.Sprintf(site, "any"))
	b := s.Browser("http://localhost:{$PORT}")
	contractor := url.Values{"person": {"ministry"}, "belonging_population": {"prestataire"}}

	a := b.Visit("/.proconnect/login?return_to=/docs")
	s.Reload(b, caddytest.Sandbox, fmt.Sprintf(site, "belonging_population absent"))
	a = b.Request(http.MethodPost, a.RedirectURL(), contractor)
	a = b.Visit(a.RedirectURL()) // the callback
	if a = b.Visit(a.RedirectURL()); a.StatusCode != http.StatusSeeOther || !strings.Contains(a.RedirectURL(), "scope=") {
		t.Fatalf("a session that asked for less is worth %d, want one more login: %s", a.StatusCode, a.Text)
	}
	if a = b.Authorize(a, contractor); a.StatusCode != http.StatusForbidden {
		t.Errorf("a contractor enters where `belonging_population absent` is asked: %d", a.StatusCode)
	}
}
