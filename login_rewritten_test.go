package proconnect_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// What is asked of our endpoints stands in the address that the browser asked for. A
// rewrite in front of the gate, to an application's only script, say, drops it.
func TestEndpointsReadTheQueryAsItWasAsked(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, p.Option(), `
http://localhost:{$PORT} {
	route {
		rewrite * /index.php?page={path}
		proconnect {
			allow any
		}
		respond "inside {http.request.orig_uri}"
	}
}`)
	b := s.Browser("http://localhost:{$PORT}")
	if a := b.LoginAt("/x?a=b"); a.StatusCode != http.StatusOK || a.Text != "inside /x?a=b" {
		t.Fatalf("after the login: %d, page %q: %s", a.StatusCode, a.Page(), a.Text)
	}
	a := b.Visit("/.proconnect/logout?then=login&return_to=%2Fy")
	if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.RedirectURL(), p.URL) {
		t.Fatalf("the logout: %d, page %q", a.StatusCode, a.Page())
	}
	end, err := url.Parse(a.RedirectURL())
	if err != nil {
		t.Fatal(err)
	}
	back := end.Query().Get("post_logout_redirect_uri") + "?state=" + url.QueryEscape(end.Query().Get("state"))
	if a = b.Follow(b.Visit(back)); a.Text != "inside /y" {
		t.Errorf("after another login: %d, page %q: %s", a.StatusCode, a.Page(), a.Text)
	}
}
