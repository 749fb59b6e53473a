package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// "cross-site `<img src=/.proconnect/logout>`, cross-site or same-site (sibling)
// navigation or POST, prefetch": no logout; a navigation gets the confirmation
// page.
func TestLogoutBySomebodyElse(t *testing.T) {
	s, _, b := loggedIn(t)
	session := b.Cookie("proconnect")
	const confirm = "logout"
	tests := []struct {
		name, method string
		headers      []string
		page         string // empty: no page
	}{
		{"cross-site `<img src=/.proconnect/logout>`", "GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image", "Accept", "image/*"}, ""},
		{"same-site `<img>`", "GET", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}, ""},
		{"our own `<img>`, in a page that somebody wrote", "GET", []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}, ""},
		{"old `<img>`", "GET", []string{"Sec-Fetch-Site", "", "Sec-Fetch-Mode", "", "Sec-Fetch-Dest", "", "Accept", "image/*"}, ""},
		{"cross-site navigation", "GET", []string{"Sec-Fetch-Site", "cross-site"}, confirm},
		{"same-site navigation", "GET", []string{"Sec-Fetch-Site", "same-site"}, confirm},
		{"typed, or from a mail", "GET", []string{"Sec-Fetch-Site", "none"}, confirm},
		{"navigation of an old browser", "GET", []string{"Sec-Fetch-Site", "", "Sec-Fetch-Mode", "", "Sec-Fetch-Dest", ""}, confirm},
		{"in capitals", "GET", []string{"Sec-Fetch-Site", "Same-Origin"}, confirm},
		{"cross-site POST", "POST", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, confirm},
		{"same-site POST", "POST", []string{"Sec-Fetch-Site", "same-site", "Origin", "http://blog.localhost"}, confirm},
		{"POST of an old browser from elsewhere", "POST", []string{"Sec-Fetch-Site", "", "Sec-Fetch-Mode", "", "Sec-Fetch-Dest", "", "Origin", "https://evil.example"}, confirm},
		{"POST of an opaque origin", "POST", []string{"Sec-Fetch-Site", "", "Sec-Fetch-Mode", "", "Sec-Fetch-Dest", "", "Origin", "null"}, confirm},
		{"POST from another port", "POST", []string{"Sec-Fetch-Site", "", "Sec-Fetch-Mode", "", "Sec-Fetch-Dest", "", "Origin", "http://localhost:1"}, confirm},
		{"POST into an iframe", "POST", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "iframe"}, "framed"},
		{"iframe", "GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "iframe"}, "framed"},
		{"our own iframe", "GET", []string{"Sec-Fetch-Dest", "iframe"}, "framed"},
		{"cross-site fetch", "POST", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "empty", "Origin", "https://evil.example"}, ""},
		{"beacon", "POST", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "empty"}, ""},
		{"prefetch", "GET", []string{"Sec-Purpose", "prefetch"}, ""},
		{"prerender", "GET", []string{"Sec-Purpose", "prefetch;prerender"}, ""},
		{"old prefetch", "GET", []string{"Purpose", "prefetch"}, ""},
		{"HEAD", "HEAD", nil, ""},
		{"PUT", "PUT", nil, "problem method_not_allowed"},
		{"OPTIONS", "OPTIONS", nil, "problem method_not_allowed"},
		{"overridden method", "GET", []string{"Sec-Fetch-Site", "cross-site", "X-HTTP-Method-Override", "POST"}, confirm},
	}
	for _, tt := range tests {
		for _, query := range []string{"", "?then=login&return_to=/x"} {
			t.Run(tt.name+query, func(t *testing.T) {
				b.T = t
				var form url.Values
				if tt.method == http.MethodPost {
					form = url.Values{}
				}
				a := b.Request(tt.method, "/.proconnect/logout"+query, form, tt.headers...)
				if a.Page() != tt.page || a.Header.Get("Location") != "" || a.Header.Get("Clear-Site-Data") != "" || len(a.Cookies()) != 0 {
					t.Errorf("got %d to %q, page %q, cookies %v", a.StatusCode, a.Header.Get("Location"), a.Page(), a.Cookies())
				}
				if tt.page == confirm && !strings.Contains(a.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
					t.Error("the confirmation page can be framed, and its button clicked unseen")
				}
				if got := worth(s, b, b.Named("proconnect")+"="+session); got != http.StatusOK || b.Cookie("proconnect") != session {
					t.Errorf("the session is worth %d", got)
				}
			})
		}
	}
	b.T = t
	a := b.Visit("/.proconnect/logout", "Sec-Fetch-Site", "cross-site")
	_, rest, _ := strings.Cut(a.Text, `action="`)
	action, _, _ := strings.Cut(rest, `"`)
	a = b.Request(http.MethodPost, action, url.Values{}, "Origin", b.Base)
	if a.Page() != "leaving" || worth(s, b, b.Named("proconnect")+"="+session) != http.StatusUnauthorized {
		t.Errorf("the button of the confirmation page: %d", a.StatusCode)
	}
}

// "a renewal or login in flight during logout": no session resurrected.
func TestLoginInFlightDuringLogout(t *testing.T) {
	t.Run("between the code and the tokens", func(t *testing.T) {
		s, p, b := loggedIn(t)
		away := b.Visit("/.proconnect/login?return_to=/").RedirectURL() // where the login under way is: at the provider
		back, cookies := b.Visit(away), b.Cookies()
		p.Exchanging = make(chan chan struct{})
		answers := make(chan caddytest.Answer)
		go func() {
			other := s.Browser(b.Base)
			other.Jar = nil
			answers <- other.Visit(back.RedirectURL(), "Cookie", cookies)
		}()
		goOn := <-p.Exchanging
		b.Visit("/.proconnect/logout")
		close(goOn)
		wantNoSession(t, s, b, <-answers)
	})
	for name, login := range map[string]func(b *caddytest.Browser) caddytest.Answer{
		"begun with the session": func(b *caddytest.Browser) caddytest.Answer { return b.Visit("/.proconnect/login?return_to=/") },
		"begun with the session, for a level": func(b *caddytest.Browser) caddytest.Answer {
			return b.Visit("/.proconnect/login?return_to=/&acr_values=eidas1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, _, b := loggedIn(t)
			back := b.Visit(login(b).RedirectURL())
			cookies := b.Cookies()
			b.Visit("/.proconnect/logout")
			t.Run("in the browser", func(t *testing.T) {
				b.T = t
				if a := b.Visit(back.RedirectURL()); a.Page() != "problem other_browser" {
					t.Errorf("got %d, page %q", a.StatusCode, a.Page())
				}
			})
			t.Run("sent before the answer to the logout came", func(t *testing.T) {
				other := s.Browser(b.Base)
				other.T, other.Jar = t, nil
				wantNoSession(t, s, b, other.Visit(back.RedirectURL(), "Cookie", cookies))
			})
		})
	}
}

func wantNoSession(t *testing.T, s *caddytest.Server, b *caddytest.Browser, a caddytest.Answer) {
	t.Helper()
	for _, c := range a.Cookies() {
		if c.Name == b.Named("proconnect") && c.Value != "" {
			t.Errorf("%d to %q: a session has risen, worth %d", a.StatusCode, a.Header.Get("Location"), worth(s, b, b.Named("proconnect")+"="+c.Value))
		}
	}
}
