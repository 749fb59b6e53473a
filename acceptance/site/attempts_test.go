package site_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// cookieBytes is what a browser sends of cookies to its site.
func cookieBytes(b *caddytest.Browser) (size int) {
	for _, c := range b.SiteCookies() {
		size += len(c.Name) + len(c.Value) + 3
	}
	return size
}

// A page elsewhere can have a browser begin logins, whatever their targets: none leaves
// more in its cookie jar than the one before, nor makes an address that is too long.
func TestAttemptsLeaveNothingInTheBrowser(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	proconnect /level/* {
		allow acr eidas1
	}
	respond "protected"
}`)
	for name, query := range map[string]url.Values{
		"text":               {"return_to": {"/?" + strings.Repeat("x", 1000)}},
		"ampersands":         {"return_to": {"/?" + strings.Repeat("&", 1000)}},
		"bytes that no text": {"return_to": {"/?" + strings.Repeat("\xff", 1000)}},
		"a path":             {"return_to": {"/" + strings.Repeat("x", 1000)}},
		"levels":             {"return_to": {"/"}, "acr_values": {strings.Repeat("eidas1 ", 1000)}},
		"a gate's key":       {"return_to": {"/"}, "gate": {strings.Repeat("x", 1000)}},
	} {
		t.Run(name, func(t *testing.T) {
			b := s.Browser("http://localhost:{$PORT}")
			b.T = t
			for range 30 {
				a := b.Visit("/.proconnect/login?" + query.Encode())
				if location, err := a.Location(); err != nil || len(location.Query().Get("state")) > 1200 {
					t.Fatalf("a login begins with %d to %q", a.StatusCode, a.Header.Get("Location"))
				}
			}
			if size := cookieBytes(b); size > 150 || len(b.SiteCookies()) != 2 {
				t.Errorf("the browser holds %d bytes of cookies: %s", size, b.Cookies())
			}
			if a := b.Visit("/"); a.StatusCode != http.StatusUnauthorized {
				t.Errorf("the site answers %d", a.StatusCode)
			}
		})
	}
}

// Two clients on one host, and an application with 6 kB of cookies: whatever logins are
// begun, at either, nothing that the browser then asks for is too large for Caddy, which
// would answer 431 to everything, and the login that was begun last ends well.
func TestAttemptsOfTwoClientsLeaveRoom(t *testing.T) {
	s := caddytest.Start(t, "proconnect one {\n environment sandbox\n}\nproconnect two {\n environment sandbox\n client_id other\n}", `
http://localhost:{$PORT} {
	proconnect /one/* {
		client one
		path /one/.proconnect
		allow any
	}
	proconnect /two/* {
		client two
		path /two/.proconnect
		allow any
	}
	respond "inside"
}`)
	b := s.Browser("http://localhost:{$PORT}")
	for i := range 6 {
		b.Jar.SetCookies(b.Home(), []*http.Cookie{{Name: "app" + strconv.Itoa(i), Value: strings.Repeat("v", 1000), Path: "/"}})
	}
	for _, client := range []string{"one", "two"} { // two sessions, as large as such a login makes them
		a := b.Visit("/" + client + "/.proconnect/login?return_to=/" + client + "/x")
		if a = b.Authorize(a, url.Values{"person": {"ministry"}}); a.Text != "inside" {
			t.Fatalf("a login of %s ends at %d, page %q", client, a.StatusCode, a.Page())
		}
	}
	before := cookieBytes(b)
	var last caddytest.Answer
	for i := range 30 {
		client := []string{"one", "two"}[i%2]
		last = b.Visit("/" + client + "/.proconnect/login?" + url.Values{"return_to": {"/" + client + "/x?" + strings.Repeat("&", 1000)}}.Encode())
		if last.StatusCode != http.StatusSeeOther {
			t.Fatalf("login %d begins with %d, page %q", i, last.StatusCode, last.Page())
		}
		for _, path := range []string{"/", "/one/x", "/two/x", "/one/.proconnect/session"} {
			if a := b.Visit(path); a.StatusCode != http.StatusOK {
				t.Fatalf("after %d logins, %s answers %d", i, path, a.StatusCode)
			}
		}
	}
	if more := cookieBytes(b) - before; more > 100 {
		t.Errorf("thirty logins leave %d bytes of cookies", more)
	}
	if a := b.Authorize(last, url.Values{"person": {"ministry"}}); a.Text != "inside" {
		t.Errorf("the last login ends at %d, page %q", a.StatusCode, a.Page())
	}
}
