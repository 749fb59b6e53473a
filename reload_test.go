package proconnect_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
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
	s := start(t, sandboxLink, fmt.Sprintf(site, "any"))
	b := s.browser("http://localhost:{$PORT}")
	contractor := url.Values{"person": {"ministry"}, "belonging_population": {"prestataire"}}

	a := b.get("/.proconnect/login?return_to=/docs")
	s.reload(b, sandboxLink, fmt.Sprintf(site, "belonging_population absent"))
	a = b.do(http.MethodPost, a.location(), contractor)
	a = b.get(a.location()) // the callback
	if a = b.get(a.location()); a.StatusCode != http.StatusSeeOther || !strings.Contains(a.location(), "scope=") {
		t.Fatalf("a session that asked for less is worth %d, want one more login: %s", a.StatusCode, a.Text)
	}
	if a = b.authorize(a, contractor); a.StatusCode != http.StatusForbidden {
		t.Errorf("a contractor enters where `belonging_population absent` is asked: %d", a.StatusCode)
	}
}
