package proconnect_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"
)

// On a shared machine somebody leaves a tab at ProConnect, a login that began
// before anybody had a session here. In a second tab they log in, and out: from
// then on nobody is logged in. When the first tab comes back (ProConnect has a
// single sign-on session, and asks nothing), it must not bring a session with it:
// the logout took the attempt out of the browser.
func TestAttackLoginOfAnotherTabAfterLogout(t *testing.T) {
	p := newProvider(t)
	s := start(t, p.link(), logoutSite)
	b := s.browser("http://localhost:{$PORT}")
	first := b.get(b.get("/.proconnect/login?return_to=/").location()) // back from ProConnect, but not here yet
	callback, err := url.Parse(first.location())
	if err != nil {
		t.Fatal(err)
	}
	if a := b.loginAt("/"); a.StatusCode != http.StatusOK {
		t.Fatalf("the second tab: %d, page %q", a.StatusCode, a.page())
	}
	if a := b.get("/.proconnect/logout"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("its logout: %d, page %q", a.StatusCode, a.page())
	}
	a := b.get(first.location(), "Sec-Fetch-Site", "cross-site")
	if a.StatusCode != http.StatusBadRequest || a.page() != "problem attempt_unknown" {
		t.Errorf("the first tab ends at %d to %q, page %q", a.StatusCode, a.Header.Get("Location"), a.page())
	}
	wantNoSession(t, s, b, a)
	if b.cookie("proconnect") != "" || b.get("/").StatusCode != http.StatusUnauthorized {
		t.Error("somebody is logged in")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, kept := p.codes[callback.Query().Get("code")]; !kept {
		t.Error("the code went to the token endpoint")
	}
}

// A logout with `then=login` goes on to a login when it comes back from
// ProConnect. A browser that stayed there, and is left alone since, goes on to
// nothing after ten minutes: nobody would expect it.
func TestAttackLogoutComesBackLate(t *testing.T) {
	s := start(t, securedSandbox, logoutSite)
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
			b := s.browser("http://localhost:{$PORT}")
			b.t = t
			back := b.switching(t)
			b.plant("proconnect_logout", redated(t, "logout", b.cookie("proconnect_logout"), time.Now().Add(-tt.age)))
			wantSwitch(t, b, b.get(back), tt.goes)
		})
	}
}

// Browsers send a cookie to the host that set it, but whoever has a browser can
// take one elsewhere: a logout that another site of this Caddy began, with its own
// state, is none here.
func TestAttackLogoutOfAnotherSite(t *testing.T) {
	s := start(t, securedSandbox, `
http://localhost:{$PORT}, http://other.localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond "inside"
}`)
	for name, host := range map[string]string{"the same site": "localhost", "another site": "other.localhost"} {
		t.Run(name, func(t *testing.T) {
			from := s.browser("http://" + host + ":{$PORT}")
			from.t = t
			back := from.switching(t)
			b := s.browser("http://localhost:{$PORT}")
			b.t = t
			b.plant("proconnect_logout", from.cookie("proconnect_logout"))
			wantSwitch(t, b, b.get(back), host == "localhost")
		})
	}
}

// switching logs in, and out to change account, and returns where ProConnect
// sends the browser then, without the host.
func (b *browser) switching(t *testing.T) string {
	t.Helper()
	b.login("/", url.Values{"person": {"ministry"}})
	a := b.get("/.proconnect/logout?then=login&return_to=%2Fdeep")
	location, err := url.Parse(a.location())
	if err != nil || location.Query().Get("state") == "" || b.cookie("proconnect_logout") == "" {
		t.Fatalf("the logout: %d to %q, page %q", a.StatusCode, a.location(), a.page())
	}
	return "/.proconnect/logged-out?state=" + location.Query().Get("state")
}

// wantSwitch wants a return from ProConnect that goes on to a login, or the
// neutral page.
func wantSwitch(t *testing.T, b *browser, a answer, goes bool) {
	t.Helper()
	begun := b.keptCookie("_login_") != nil
	if goes && (a.StatusCode != http.StatusSeeOther || !begun) {
		t.Errorf("got %d, page %q, a login begun: %t", a.StatusCode, a.page(), begun)
	}
	if !goes && (a.StatusCode != http.StatusOK || a.page() != "logged-out" || a.Header.Get("Location") != "" || begun) {
		t.Errorf("got %d to %q, page %q, a login begun: %t", a.StatusCode, a.Header.Get("Location"), a.page(), begun)
	}
}
