package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

const silentSite = `
http://localhost:{$PORT} {
	proconnect {
		allow any
		login silent
	}
	respond "inside {http.auth.user.given_name}"
}
http://other.localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond "inside"
}`

// introduced opens a page, and goes on from the small one that gives a browser its secret.
func introduced(b *caddytest.Browser, target string) caddytest.Answer {
	b.T.Helper()
	a := b.Visit(target)
	if _, next, ok := strings.Cut(a.Header.Get("Refresh"), "url="); ok && a.Page() == "departing" {
		b.Visit(next)
		return b.Visit(target)
	}
	return a
}

// Whoever is logged in at ProConnect enters without a click; whoever is not meets the
// login page, and is not asked again.
func TestSilentLogin(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, silentSite)
	t.Run("logged in at ProConnect", func(t *testing.T) {
		b := s.Browser("http://localhost:{$PORT}").For(t)
		b.Login("/", url.Values{"person": {"ministry"}})
		for _, c := range b.SiteCookies() { // all of this site's; ProConnect's stays
			if !strings.Contains(c.Name, "sandbox") {
				b.Jar.SetCookies(b.Home(), []*http.Cookie{{Name: c.Name, Path: "/", MaxAge: -1}})
			}
		}
		a := introduced(b, "/docs?page=2")
		if to, _ := url.Parse(a.RedirectURL()); to.Query().Get("prompt") != "none" {
			t.Fatalf("got %d, page %q", a.StatusCode, a.Page())
		}
		if a = b.Follow(a); a.Text != "inside Camille" || a.Request.URL.RequestURI() != "/docs?page=2" {
			t.Errorf("got %d, page %q at %s", a.StatusCode, a.Page(), a.Request.URL)
		}
	})
	for _, code := range []string{"", "login_required", "interaction_required", "consent_required", "account_selection_required", "invalid_scope", "access_denied", "server_error", "temporarily_unavailable"} {
		t.Run("a stranger: "+code, func(t *testing.T) {
			b := s.Browser("http://localhost:{$PORT}").For(t)
			a := b.Visit(introduced(b, "/docs").RedirectURL())
			callback := a.RedirectURL()
			if code != "" {
				callback = answering(callback, code)
			}
			for range 2 {
				if a = b.Follow(b.Visit(callback)); a.Page() != "login" || !strings.Contains(a.Text, `return_to=%2Fdocs&`) {
					t.Fatalf("got %d, page %q", a.StatusCode, a.Page())
				}
				callback = "/docs"
			}
		})
	}
}

// Nobody is asked silently who is no person opening a page, who was asked before, who
// logged out, or whose other tab is at ProConnect.
func TestSilentLoginIsNotTried(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, silentSite)
	fresh := func(t *testing.T) *caddytest.Browser {
		b := s.Browser("http://localhost:{$PORT}").For(t)
		b.Visit("/.proconnect/login?step=go") // gives it a secret
		return b
	}
	tests := []struct {
		name, page string
		ask        func(b *caddytest.Browser) caddytest.Answer
	}{
		{"a frame", "framed", func(b *caddytest.Browser) caddytest.Answer { return b.Visit("/", "Sec-Fetch-Dest", "iframe") }},
		{"a prefetch", "", func(b *caddytest.Browser) caddytest.Answer { return b.Visit("/", "Sec-Purpose", "prefetch") }},
		{"a script", "", func(b *caddytest.Browser) caddytest.Answer { return b.Visit("/", fetchHeaders...) }},
		{"HEAD", "", func(b *caddytest.Browser) caddytest.Answer { return b.Request(http.MethodHead, "/", nil) }},
		{"a form", "form-lost", func(b *caddytest.Browser) caddytest.Answer {
			return b.Request(http.MethodPost, "/", url.Values{"x": {"1"}})
		}},
		{"after a logout", "login", func(b *caddytest.Browser) caddytest.Answer {
			b.Authorize(b.Visit("/.proconnect/login?return_to=/"), url.Values{"person": {"ministry"}})
			b.Follow(b.Visit("/.proconnect/logout"))
			return introduced(b, "/")
		}},
		{"tried before", "login", func(b *caddytest.Browser) caddytest.Answer {
			b.Visit(b.Visit(b.Visit("/").RedirectURL()).RedirectURL())
			return b.Visit("/")
		}},
		{"tried before, by a mark that is there twice", "login", func(b *caddytest.Browser) caddytest.Answer {
			b.Visit(b.Visit(b.Visit("/").RedirectURL()).RedirectURL())
			return b.Visit("/", "Cookie", b.Cookies()+"; "+cookieOf(b, "proconnect")+"_silent=1")
		}},
		{"another tab is being asked just now", "waiting", func(b *caddytest.Browser) caddytest.Answer {
			b.Visit("/tab")
			return b.Visit("/")
		}},
		{"another tab is at ProConnect", "waiting", func(b *caddytest.Browser) caddytest.Answer {
			b.Visit("/.proconnect/login?return_to=/")
			return b.Visit("/")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := tt.ask(fresh(t))
			if a.StatusCode != http.StatusUnauthorized || a.Page() != tt.page {
				t.Errorf("got %d to %q, page %q, want %q", a.StatusCode, a.RedirectURL(), a.Page(), tt.page)
			}
		})
	}
	t.Run("control", func(t *testing.T) {
		if a := fresh(t).Visit("/"); a.StatusCode != http.StatusSeeOther {
			t.Errorf("got %d, page %q", a.StatusCode, a.Page())
		}
	})
}
