package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// siteHead is the room that stays for headers of the site's own, in bytes.
const siteHead = 500

// A logout by a form is answered by a page. Its address for ProConnect, with the ID token as
// a hint, is in the page and in no header: an access log may hold those, and nginx takes
// 4 kB of them.
func TestHeadersOfALogoutByAFormFitThroughNginx(t *testing.T) {
	p := caddytest.NewProvider(t)
	p.Pad = strings.Repeat("x", 900)
	s := caddytest.Start(t, p.Option(), logoutSite)
	for target := 1; target < 1000; target += 60 {
		b := s.Browser("http://localhost:{$PORT}")
		if a := b.LoginAt("/"); !strings.HasPrefix(a.Text, "inside") {
			t.Fatalf("login: %d, page %q", a.StatusCode, a.Page())
		}
		a := b.Request(http.MethodPost, "/.proconnect/logout?then=login&return_to=/"+strings.Repeat("y", target), url.Values{}, "Origin", b.Base)
		if a.Page() != "leaving" || sizeOf(a)+siteHead > nginxHead {
			t.Errorf("a target of %d bytes: page %q with headers of %d bytes", target, a.Page(), sizeOf(a))
		}
		to, err := url.Parse(a.RefreshURL())
		if err != nil {
			t.Fatal(err)
		}
		hint := to.Query().Get("id_token_hint")
		if hint == "" {
			t.Errorf("a target of %d bytes: no hint", target)
		}
		for name, values := range a.Header {
			if hint != "" && strings.Contains(strings.Join(values, " "), hint) {
				t.Errorf("a target of %d bytes: %s has the hint", target, name)
			}
		}
	}
}

// One by a link is answered by a redirect, whose address is a header: where the hint would
// not fit beside what is kept of a long target, the client names itself instead.
func TestHeadersOfALogoutByALinkFitThroughNginx(t *testing.T) {
	p := caddytest.NewProvider(t)
	p.Pad = strings.Repeat("x", 900)
	s := caddytest.Start(t, p.Option(), logoutSite)
	for target, hinted := range map[int]bool{10: true, 1000: false} {
		b := s.Browser("http://localhost:{$PORT}")
		if a := b.LoginAt("/"); !strings.HasPrefix(a.Text, "inside") {
			t.Fatalf("login: %d, page %q", a.StatusCode, a.Page())
		}
		a := b.Visit("/.proconnect/logout?then=login&return_to=/" + strings.Repeat("y", target))
		if a.StatusCode != http.StatusSeeOther || sizeOf(a)+siteHead > nginxHead {
			t.Errorf("a target of %d bytes: %d with headers of %d bytes", target, a.StatusCode, sizeOf(a))
		}
		to, err := url.Parse(a.RedirectURL())
		if err != nil {
			t.Fatal(err)
		}
		if q := to.Query(); q.Has("id_token_hint") != hinted || q.Has("client_id") == hinted {
			t.Errorf("a target of %d bytes: it leads to %s", target, to)
		}
	}
}
