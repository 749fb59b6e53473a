package site_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// The button of a login page that stayed open in one tab, while somebody logged in and out
// in another, goes to ProConnect: the logout took the browser's secret, which is no sign
// of a browser that refuses cookies.
func TestLoginPageThatStayedOpen(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, caddytest.GatedBy("allow any"))
	b := s.Browser("http://localhost:{$PORT}")
	button := loginLink(b.Visit("/kept"), t)
	b.Login("/", url.Values{"person": {"ministry"}})
	b.Follow(b.Visit("/.proconnect/logout"))
	if b.FindCookie("_browser") != nil {
		t.Fatal("the logout leaves the secret")
	}
	a := b.Visit(button)
	if !strings.Contains(a.Header.Get("Location"), "/authorize?") {
		t.Fatalf("the button leads to %d, page %q", a.StatusCode, a.Page())
	}
	if a = b.Authorize(a, url.Values{"person": {"ministry"}}); a.Request.URL.Path != "/kept" {
		t.Errorf("it ends at %s: %d, page %q", a.Request.URL, a.StatusCode, a.Page())
	}
	b.Follow(b.Visit("/.proconnect/logout"))
	a = b.Visit("/.proconnect/login?return_to=/kept&step=wait&since=1")
	if a.Page() != "waiting" || b.FindCookie("_browser") == nil {
		t.Errorf("a tab that waited for another's login: %d, page %q", a.StatusCode, a.Page())
	}
}
