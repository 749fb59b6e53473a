package proconnect_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A page elsewhere can have a browser begin logins whose return targets fill its
// cookie jar, until every request to the site is too large for Caddy.
func TestAttemptCookiesStaySmall(t *testing.T) {
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
		"levels":             {"return_to": {"/"}, "acr_values": {strings.Repeat("eidas1 ", 1000)}},
		"a gate's key":       {"return_to": {"/"}, "gate": {strings.Repeat("x", 1000)}},
	} {
		t.Run(name, func(t *testing.T) {
			b := s.Browser("http://localhost:{$PORT}")
			home, err := url.Parse(b.Base)
			if err != nil {
				t.Fatal(err)
			}
			for range 6 {
				if a := b.Visit("/.proconnect/login?" + query.Encode()); a.StatusCode != http.StatusSeeOther {
					t.Fatalf("a login began with %d", a.StatusCode)
				}
			}
			size := 0
			for _, c := range b.Jar.Cookies(home) {
				size += len(c.Name) + len(c.Value) + 3
			}
			if size > 5*2450 {
				t.Errorf("the browser holds %d bytes of cookies", size)
			}
			if a := b.Visit("/"); a.StatusCode != http.StatusUnauthorized {
				t.Errorf("the site answers %d", a.StatusCode)
			}
		})
	}
}
