package site_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// On a shared machine somebody leaves a tab at ProConnect, a login that began
// before anybody had a session here. In a second tab they log in, and out: from
// then on nobody is logged in. When the first tab comes back (ProConnect has a
// single sign-on session, and asks nothing), it must not bring a session with it:
// the logout took the attempt out of the browser.
func TestLoginOfAnotherTabAfterLogout(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, p.Option(), logoutSite)
	b := s.Browser("http://localhost:{$PORT}")
	first := b.Visit(b.Visit("/.proconnect/login?return_to=/").RedirectURL()) // back from ProConnect, but not here yet
	callback, err := url.Parse(first.RedirectURL())
	if err != nil {
		t.Fatal(err)
	}
	if a := b.LoginAt("/"); a.StatusCode != http.StatusOK {
		t.Fatalf("the second tab: %d, page %q", a.StatusCode, a.Page())
	}
	if a := b.Visit("/.proconnect/logout"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("its logout: %d, page %q", a.StatusCode, a.Page())
	}
	a := b.Visit(first.RedirectURL(), "Sec-Fetch-Site", "cross-site")
	if a.StatusCode != http.StatusBadRequest || a.Page() != "problem other_browser" {
		t.Errorf("the first tab ends at %d to %q, page %q", a.StatusCode, a.Header.Get("Location"), a.Page())
	}
	wantNoSession(t, s, b, a)
	if b.Cookie("proconnect") != "" || b.Visit("/").StatusCode != http.StatusUnauthorized {
		t.Error("somebody is logged in")
	}
	if login := p.LoginOf(callback.Query().Get("code")); login.Exchanged > 0 {
		t.Error("the code went to the token endpoint")
	}
}

// A logout with `then=login` goes on to a login when it comes back from
// ProConnect. A browser that stayed there, and is left alone since, goes on to
// nothing after ten minutes: nobody would expect it.
func TestLogoutComesBackLate(t *testing.T) {
	s := caddytest.Start(t, securedSandbox, logoutSite)
	for name, tt := range map[string]struct {
		age  time.Duration
		goes bool // on to the login
	}{
		"at once":              {0, true},
		"after nine minutes":   {9 * time.Minute, true},
		"after 11 minutes":     {11 * time.Minute, false},
		"after a day":          {24 * time.Hour, false},
		"after half a century": {50 * 365 * 24 * time.Hour, false},
		"from in two minutes":  {-2 * time.Minute, true},
		"from in six minutes":  {-6 * time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := s.Browser("http://localhost:{$PORT}")
			b.T = t
			back := switching(b, t)
			b.Plant("proconnect_logout", redated(t, b.Cookie("proconnect_logout"), b.Home().Host, time.Now().Add(-tt.age)))
			wantSwitch(t, b, b.Visit(back), tt.goes)
		})
	}
}

// Who logged in in another tab meanwhile goes on there: the one that comes back from its
// logout begins no login over theirs.
func TestLogoutComesBackToASession(t *testing.T) {
	s := caddytest.Start(t, securedSandbox, logoutSite)
	b := s.Browser("http://localhost:{$PORT}")
	back := switching(b, t)
	b.Login("/", url.Values{"person": {"commune"}})
	if a := b.Visit(back); a.RedirectURL() != b.Base+"/" {
		t.Errorf("got %d to %q, page %q", a.StatusCode, a.RedirectURL(), a.Page())
	}
}

// Browsers send a cookie to the host that set it, but whoever has a browser can
// take one elsewhere: a logout that another site of this Caddy began, with its own
// state, is none here.
func TestLogoutOfAnotherSite(t *testing.T) {
	s := caddytest.Start(t, securedSandbox, `
http://localhost:{$PORT}, http://other.localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond "inside"
}`)
	for name, host := range map[string]string{"the same site": "localhost", "another site": "other.localhost"} {
		t.Run(name, func(t *testing.T) {
			from := s.Browser("http://" + host + ":{$PORT}")
			from.T = t
			back := switching(from, t)
			b := s.Browser("http://localhost:{$PORT}")
			b.T = t
			b.Plant("proconnect_logout", from.Cookie("proconnect_logout"))
			wantSwitch(t, b, b.Visit(back), host == "localhost")
		})
	}
}

// switching logs in, and out to change account, and returns where ProConnect
// sends the browser then, without the host.
func switching(b *caddytest.Browser, t *testing.T) string {
	t.Helper()
	b.Login("/", url.Values{"person": {"ministry"}})
	a := b.Visit("/.proconnect/logout?then=login&return_to=%2Fdeep")
	location, err := url.Parse(a.RedirectURL())
	if err != nil || location.Query().Get("state") == "" || b.Cookie("proconnect_logout") == "" {
		t.Fatalf("the logout: %d to %q, page %q", a.StatusCode, a.RedirectURL(), a.Page())
	}
	return "/.proconnect/logged-out?state=" + location.Query().Get("state")
}

// wantSwitch wants a return from ProConnect that goes on to a login, or the
// neutral page.
func wantSwitch(t *testing.T, b *caddytest.Browser, a caddytest.Answer, goes bool) {
	t.Helper()
	begun := b.FindCookie("_browser") != nil
	if goes && (a.StatusCode != http.StatusSeeOther || !begun) {
		t.Errorf("got %d, page %q, a login begun: %t", a.StatusCode, a.Page(), begun)
	}
	if !goes && (a.StatusCode != http.StatusOK || a.Page() != "logged-out" || a.Header.Get("Location") != "" || begun) {
		t.Errorf("got %d to %q, page %q, a login begun: %t", a.StatusCode, a.Header.Get("Location"), a.Page(), begun)
	}
}
