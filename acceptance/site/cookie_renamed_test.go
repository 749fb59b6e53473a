package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A session outlives its cookie's old name, which is the site's own from then on: whoever
// changes the name ends all sessions by a rotation, as docs/options.md says.
func TestSessionUnderAnotherCookieName(t *testing.T) {
	admin := caddytest.NewAdmin(t)
	before := strings.Replace(renewingSandbox, "renew 1h", "", 1) + admin.Option
	after := strings.Replace(before, "lifetime 12h", "lifetime 12h\n cookie_name proconnect-other", 1)
	const site = "\nhttp://localhost:{$PORT} {\n proconnect {\n allow any\n }\n respond \"site: {http.request.header.Cookie}\"\n}"
	s := caddytest.Start(t, before, site)
	b := s.Browser("http://localhost:{$PORT}")
	if a := b.Login("/", url.Values{"person": {"ministry"}}); strings.Contains(a.Text, b.Cookie("proconnect")) {
		t.Errorf("before, the site gets %q", a.Text)
	}
	sealed := b.Cookie("proconnect")
	s.Reload(b, after, site)
	b.Plant("proconnect-other", sealed)
	if a := b.Visit("/"); a.StatusCode != http.StatusOK || strings.Count(a.Text, sealed) != 1 {
		t.Errorf("under the new name: %d, the site gets %q", a.StatusCode, a.Text)
	}
	if status, text := admin.Ask(t, http.MethodPost, "/proconnect/rotate", `{}`); status != http.StatusOK {
		t.Fatalf("rotate: %d: %s", status, text)
	}
	if a := b.Visit("/"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("after the rotation: %d", a.StatusCode)
	}
}
