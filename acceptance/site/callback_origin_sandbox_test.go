package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// In the sandbox the sites are on loopback, over plain http, and so is the host in the
// middle; no other site is sent to.
func TestCallbackOriginInTheSandbox(t *testing.T) {
	s := caddytest.Start(t, "proconnect {\n environment sandbox\n callback_origin http://login.localhost:{$PORT}\n }", `
http://login.localhost:{$PORT} {
	proconnect {
		allow any
	}
}
http://*.preview.app.localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond "inside {host} {http.auth.user.email}"
}`)
	b := s.Browser("http://pr-1.preview.app.localhost:{$PORT}")
	a := b.Visit("/.proconnect/login?return_to=/page")
	if uri := query(t, a.RedirectURL()).Get("redirect_uri"); uri != s.Fill("http://login.localhost:{$PORT}/.proconnect/callback") {
		t.Errorf("redirect URI %s", uri)
	}
	if a = b.Authorize(a, url.Values{"person": {"ministry"}}); !strings.HasPrefix(a.Text, "inside pr-1.preview.app.localhost ") {
		t.Errorf("got %d, page %q: %s", a.StatusCode, a.Page(), a.Text)
	}
	if a = b.Follow(b.Visit("/.proconnect/logout")); a.Page() != "logged-out" || a.Request.URL.Host != b.Home().Host {
		t.Errorf("got %d, page %q at %s", a.StatusCode, a.Page(), a.Request.URL)
	}
	if a = b.Visit("/page"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("after the logout: %d", a.StatusCode)
	}
}

// query is the query of an address.
func query(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}
