package site_test

import (
	"net/http"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A callback that ends on a page of ours leaves the code in the address bar: the
// site's own log and scripts must not find it as the Referer of the next click.
// The form of the logout, alone, needs the Origin that goes with a referrer.
func TestReferrerPolicy(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond "protected"
}`)
	b := s.Browser("http://localhost:{$PORT}")
	for path, want := range map[string]string{
		"/docs": "no-referrer",
		"/.proconnect/callback?code=c0de&state=unknown": "no-referrer",
		"/.proconnect/logout":                           "same-origin",
	} {
		a := b.Visit(path, "Sec-Fetch-Site", "cross-site")
		if got := a.Header.Get("Referrer-Policy"); got != want {
			t.Errorf("%s: page %q has Referrer-Policy %q, want %q", path, a.Page(), got, want)
		}
	}
	a := b.Visit("/.proconnect/login?return_to=/docs")
	if a.StatusCode != http.StatusSeeOther || a.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("what leads away: %d, Referrer-Policy %q", a.StatusCode, a.Header.Get("Referrer-Policy"))
	}
}

// Where the site answers errors itself, its page at the address of a callback that
// failed tells nobody that address either. Elsewhere its own policy holds.
func TestReferrerOfACallbackThatTheSiteAnswers(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, p.Option(), `
http://localhost:{$PORT} {
	proconnect {
		allow siren 552081317
		errors caddy
	}
	respond inside
	handle_errors {
		respond "error {err.status_code}"
	}
}`)
	b := s.Browser("http://localhost:{$PORT}")
	a := b.Visit("/.proconnect/callback?code=unredeemed&state=0123456789abcdef0123456789abcdef")
	if a.Text != "error 400" || a.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("the callback: %d, policy %q: %s", a.StatusCode, a.Header.Get("Referrer-Policy"), a.Text)
	}
	b.LoginAt("/")
	if a := b.Visit("/"); a.Text != "error 403" || a.Header.Get("Referrer-Policy") != "" {
		t.Errorf("a refusal: %d, policy %q: %s", a.StatusCode, a.Header.Get("Referrer-Policy"), a.Text)
	}
}
