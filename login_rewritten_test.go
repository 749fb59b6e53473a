package proconnect_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// What is asked of our endpoints stands in the address that the browser asked for. A
// rewrite in front of the gate, to an application's only script, say, drops it.
func TestEndpointsReadTheQueryAsItWasAsked(t *testing.T) {
	p := newProvider(t)
	s := start(t, p.link(), `
http://localhost:{$PORT} {
	route {
		rewrite * /index.php?page={path}
		proconnect {
			allow any
		}
		respond "inside {http.request.orig_uri}"
	}
}`)
	b := s.browser("http://localhost:{$PORT}")
	if a := b.loginAt("/x?a=b"); a.StatusCode != http.StatusOK || a.Text != "inside /x?a=b" {
		t.Fatalf("after the login: %d, page %q: %s", a.StatusCode, a.page(), a.Text)
	}
	a := b.get("/.proconnect/logout?then=login&return_to=%2Fy")
	if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.location(), p.URL) {
		t.Fatalf("the logout: %d, page %q", a.StatusCode, a.page())
	}
	end, err := url.Parse(a.location())
	if err != nil {
		t.Fatal(err)
	}
	back := end.Query().Get("post_logout_redirect_uri") + "?state=" + url.QueryEscape(end.Query().Get("state"))
	if a = b.follow(b.get(back)); a.Text != "inside /y" {
		t.Errorf("after another login: %d, page %q: %s", a.StatusCode, a.page(), a.Text)
	}
}
