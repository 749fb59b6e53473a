package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A renewal comes back by the host in the middle, too: the session goes on at the site, or
// ends there where ProConnect knows nobody any more.
func TestRenewalByCallbackOrigin(t *testing.T) {
	s := caddytest.Start(t, strings.TrimSuffix(renewingSandbox, "}")+"callback_origin http://login.localhost:{$PORT}\n }", `
http://login.localhost:{$PORT} {
	proconnect {
		allow any
	}
}
http://*.preview.app.localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond "inside {http.auth.user.given_name}"
}`)
	due := func(t *testing.T) *caddytest.Browser {
		b := s.Browser("http://pr-1.preview.app.localhost:{$PORT}").For(t)
		if a := b.Login("/", url.Values{"person": {"ministry"}}); a.Text != "inside Camille" {
			t.Fatalf("got %d, page %q", a.StatusCode, a.Page())
		}
		confirmedAgo(b, 90*time.Minute)
		return b
	}
	middle := s.Fill("http://login.localhost:{$PORT}/.proconnect/callback?")
	t.Run("it confirms the session", func(t *testing.T) {
		b := due(t)
		callback := renewing(b, "/docs")
		if !strings.HasPrefix(callback, middle) {
			t.Fatalf("ProConnect answers %s", callback)
		}
		if a := b.Follow(b.Visit(callback)); a.Text != "inside Camille" || a.Request.URL.Path != "/docs" || a.Request.URL.Host != b.Home().Host {
			t.Errorf("got %d, page %q at %s", a.StatusCode, a.Page(), a.Request.URL)
		}
		if a := b.Visit("/docs"); a.Text != "inside Camille" {
			t.Errorf("and then %d, page %q", a.StatusCode, a.Page())
		}
	})
	t.Run("login_required ends it", func(t *testing.T) {
		b := due(t)
		a := b.Visit(answering(renewing(b, "/docs"), "login_required"))
		if !strings.HasPrefix(a.RedirectURL(), b.Base+"/.proconnect/callback?error=login_required&") {
			t.Fatalf("the host in the middle: %d to %s", a.StatusCode, a.RedirectURL())
		}
		if a = b.Follow(a); a.StatusCode != http.StatusUnauthorized || a.Page() != "login" {
			t.Errorf("got %d, page %q", a.StatusCode, a.Page())
		}
	})
}
