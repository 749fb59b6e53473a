package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// Somebody else comes back from ProConnect than the one whose session was there: by a
// renewal, a step-up, a login in a tab. A page names both and leads on, or to another
// account; the session of before is over, its copies too.
func TestSomebodyElseComesBack(t *testing.T) {
	s := caddytest.Start(t, renewingSandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow any
		title "Les documents"
	}
	proconnect /admin/* {
		allow mfa
	}
	respond "inside {http.auth.user.given_name}"
}`)
	commune := url.Values{"person": {"commune"}, "acr": {"eidas1-mfa"}}
	tests := []struct {
		name string
		ago  time.Duration
		way  func(b *caddytest.Browser) caddytest.Answer
	}{
		{"a renewal", 90 * time.Minute, func(b *caddytest.Browser) caddytest.Answer {
			atProConnect(s, b, commune)
			return b.Visit(renewing(b, "/docs?page=2"))
		}},
		{"a renewal after the grace", 3 * time.Hour, func(b *caddytest.Browser) caddytest.Answer {
			atProConnect(s, b, commune)
			return b.Visit(renewing(b, "/docs?page=2"))
		}},
		{"a step-up", 0, func(b *caddytest.Browser) caddytest.Answer {
			return b.Authorize(b.Visit("/admin/docs?page=2"), commune)
		}},
		{"a login in a tab", 0, func(b *caddytest.Browser) caddytest.Answer {
			b.Jar.SetCookies(b.Home(), []*http.Cookie{{Name: "proconnect_sandbox", Path: "/", MaxAge: -1}})
			return b.Login("/docs?page=2", commune)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := confirmed(s, t, tt.ago)
			copied := b.Cookies()
			a := tt.way(b)
			if a.StatusCode != http.StatusOK || a.Page() != "person-changed" {
				t.Fatalf("got %d, page %q", a.StatusCode, a.Page())
			}
			for _, want := range []string{"Camille Exemple", "Sacha ", "docs?page=2", "/.proconnect/logout?then=login&amp;return_to="} {
				if !strings.Contains(a.Text, want) {
					t.Errorf("the page does not hold %q", want)
				}
			}
			if got := worth(s, b, copied); got != http.StatusUnauthorized {
				t.Errorf("the session of before is worth %d in copies of its cookie", got)
			}
			if a := b.GoOn(a); a.Text != "inside Sacha" || !strings.HasSuffix(a.Request.URL.RequestURI(), "docs?page=2") {
				t.Errorf("on from there: %d, page %q at %s", a.StatusCode, a.Page(), a.Request.URL)
			}
		})
	}
}

// atProConnect has the browser's single sign-on be another person's.
func atProConnect(s *caddytest.Server, b *caddytest.Browser, person url.Values) {
	b.T.Helper()
	other := s.Browser("http://localhost:{$PORT}")
	other.Login("/", person)
	b.SetCookie(other.FindCookie("proconnect_sandbox"))
}

// The same person is nobody else: no page comes between.
func TestSamePersonComesBack(t *testing.T) {
	s := caddytest.Start(t, renewingSandbox, renewingSite)
	b := confirmed(s, t, 90*time.Minute)
	if a := b.Login("/docs", url.Values{"person": {"ministry"}}); a.Text != "inside Camille eidas1" {
		t.Errorf("got %d, page %q", a.StatusCode, a.Page())
	}
}
