package proconnect_test

import (
	"net/url"
	"testing"
)

// Every answer on the way out has the browser drop what it kept: what it leaves
// goes into its memory after the first, and Chromium drops it at the last.
func TestLogoutClearsTheCache(t *testing.T) {
	for name, way := range map[string]func(b *browser) []answer{
		"logout": func(b *browser) []answer {
			out := b.get("/.proconnect/logout")
			return []answer{out, b.get("/.proconnect/logged-out?state=" + stateOf(out))}
		},
		"to another account": func(b *browser) []answer {
			out := b.get("/.proconnect/logout?then=login&return_to=/")
			return []answer{out, b.get("/.proconnect/logged-out?state=" + stateOf(out))}
		},
		"after a long time at ProConnect": func(b *browser) []answer {
			return []answer{b.get("/.proconnect/logout"), b.get("/.proconnect/logged-out")}
		},
		"by the page that asks": func(b *browser) []answer {
			form := url.Values{"token": {logoutToken(b.t.(*testing.T), b.get("/.proconnect/logout", workerSentOn...))}}
			return []answer{b.do("POST", "/.proconnect/logout", form, workerSentOn...)}
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
		s.reload(b, p.link(), logoutSite)
		a := b.get("/.proconnect/logout")
		if got := a.Header.Get("Clear-Site-Data"); a.page() != "logged-out" || got != `"cache"` {
			t.Errorf("got page %q, Clear-Site-Data %s", a.page(), got)
		}
	})
}

// stateOf is the state that a logout hands to ProConnect.
func stateOf(a answer) string {
	location, err := url.Parse(a.location())
	if err != nil {
		return ""
	}
	return location.Query().Get("state")
}
