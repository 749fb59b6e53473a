package proconnect_test

import (
	"net/url"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// Every answer on the way out has the browser drop what it kept: what it leaves
// goes into its memory after the first, and Chromium drops it at the last.
func TestLogoutClearsTheCache(t *testing.T) {
	for name, way := range map[string]func(b *caddytest.Browser) []caddytest.Answer{
		"logout": func(b *caddytest.Browser) []caddytest.Answer {
			out := b.Visit("/.proconnect/logout")
			return []caddytest.Answer{out, b.Visit("/.proconnect/logged-out?state=" + stateOf(out))}
		},
		"to another account": func(b *caddytest.Browser) []caddytest.Answer {
			out := b.Visit("/.proconnect/logout?then=login&return_to=/")
			return []caddytest.Answer{out, b.Visit("/.proconnect/logged-out?state=" + stateOf(out))}
		},
		"after a long time at ProConnect": func(b *caddytest.Browser) []caddytest.Answer {
			return []caddytest.Answer{b.Visit("/.proconnect/logout"), b.Visit("/.proconnect/logged-out")}
		},
		"by the page that asks": func(b *caddytest.Browser) []caddytest.Answer {
			form := url.Values{"token": {logoutToken(b.T.(*testing.T), b.Visit("/.proconnect/logout", workerSentOn...))}}
			return []caddytest.Answer{b.Request("POST", "/.proconnect/logout", form, workerSentOn...)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, b := loggedIn(t)
			for i, a := range way(b) {
				if got := a.Header.Get("Clear-Site-Data"); got != `"cache"` || a.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("answer %d, %d to %q: Clear-Site-Data %s", i+1, a.StatusCode, a.Header.Get("Location"), got)
				}
			}
		})
	}
	t.Run("here only", func(t *testing.T) {
		s, p, b := loggedIn(t)
		p.Close()
		s.Reload(b, p.Option(), logoutSite)
		a := b.Visit("/.proconnect/logout")
		if got := a.Header.Get("Clear-Site-Data"); a.Page() != "logged-out" || got != `"cache"` {
			t.Errorf("got page %q, Clear-Site-Data %s", a.Page(), got)
		}
	})
}

// stateOf is the state that a logout hands to ProConnect.
func stateOf(a caddytest.Answer) string {
	location, err := url.Parse(a.RedirectURL())
	if err != nil {
		return ""
	}
	return location.Query().Get("state")
}
