package proconnect_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const logoutSite = `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	proconnect /level/* {
		allow acr eidas1
	}
	respond "inside {http.auth.user.sub}"
}`

// loggedIn starts a site behind a provider, and a browser with a session there.
func loggedIn(t *testing.T) (*server, *provider, *browser) {
	t.Helper()
	p := newProvider(t)
	s := start(t, p.link(), logoutSite)
	b := s.browser("http://localhost:{$PORT}")
	if a := b.loginAt("/"); !strings.HasPrefix(a.Text, "inside") {
		t.Fatalf("login: %d, page %q", a.StatusCode, a.page())
	}
	return s, p, b
}

// worth is the status that cookies get at the site, kept by nobody.
func (s *server) worth(b *browser, cookies string) int {
	s.t.Helper()
	stranger := s.browser(b.base)
	stranger.Transport = patient{stranger.Transport}
	stranger.Jar = nil
	return stranger.send(http.MethodGet, "/", http.Header{"Cookie": {cookies}}).StatusCode
}

// "end_session request": id_token_hint or client_id, the registered
// post_logout_redirect_uri, state of 32+ characters.
func TestAttackEndSessionRequest(t *testing.T) {
	s, p, b := loggedIn(t)
	other := s.browser("http://localhost:{$PORT}")
	other.loginAt("/")
	const hintCookie = "proconnect_id_token"
	hintOf := func(b *browser) string {
		home := b.home()
		home.Path = "/.proconnect/logout"
		for _, c := range b.Jar.Cookies(home) {
			if c.Name == hintCookie {
				return c.Value
			}
		}
		return ""
	}
	if b.cookie(hintCookie) != "" {
		t.Error("the ID token's cookie is sent to the whole site")
	}
	tests := []struct {
		name    string
		prepare func(b *browser) (cookies string)
		hint    bool
	}{
		{"with its ID token", func(b *browser) string { return b.cookies() + "; " + hintCookie + "=" + hintOf(b) }, true},
		{"without", (*browser).cookies, false},
		{"with another session's", func(b *browser) string { return b.cookies() + "; " + hintCookie + "=" + hintOf(other) }, false},
		{"with garbage", func(b *browser) string { return b.cookies() + "; " + hintCookie + "=x" }, false},
		{"without a session", func(b *browser) string { return hintCookie + "=" + hintOf(b) }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := s.browser("http://localhost:{$PORT}")
			b.t = t
			b.loginAt("/")
			issued := p.issued
			cookies := tt.prepare(b)
			b.Jar = nil
			a := b.get("/.proconnect/logout", "Cookie", cookies)
			location, err := url.Parse(a.location())
			if err != nil || a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.location(), p.URL+"/end-session?") {
				t.Fatalf("got %d to %s", a.StatusCode, a.location())
			}
			q := location.Query()
			if len(q["state"]) != 1 || len(q.Get("state")) < 32 {
				t.Errorf("state %q", q["state"])
			}
			if got := q["post_logout_redirect_uri"]; len(got) != 1 || got[0] != b.base+"/.proconnect/logged-out" {
				t.Errorf("post_logout_redirect_uri %q", got)
			}
			if tt.hint != (q.Get("id_token_hint") == issued) || tt.hint == q.Has("client_id") || !tt.hint && q.Get("client_id") != "client" || len(q) != 3 {
				t.Errorf("got %v", q)
			}
			if got := a.Header.Get("Clear-Site-Data"); got != `"cache"` {
				t.Errorf("Clear-Site-Data: %s", got)
			}
			if a.Header.Get("Referrer-Policy") != "no-referrer" || a.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", a.Header)
			}
		})
	}
	t.Run("an ID token over 4 kB", func(t *testing.T) {
		p.pad = strings.Repeat("x", 4000)
		b := s.browser("http://localhost:{$PORT}")
		b.loginAt("/")
		if location, _ := url.Parse(b.get("/.proconnect/logout").location()); location.Query().Has("id_token_hint") || location.Query().Get("client_id") != "client" {
			t.Errorf("got %s", location)
		}
	})
}

// "replay of the old session cookie after logout": 401, also after a reload and a
// restart, also of a cookie stolen long before.
func TestAttackReplayAfterLogout(t *testing.T) {
	s, p, b := loggedIn(t)
	first := b.cookies()
	b.loginAt("/") // the same family goes on
	second := b.cookies()
	if first == second || s.worth(b, first) != http.StatusOK || s.worth(b, second) != http.StatusOK {
		t.Fatal("two cookies of one family, both alive: nothing to test")
	}
	other := s.browser("http://localhost:{$PORT}")
	other.loginAt("/") // the same person elsewhere
	if a := b.get("/.proconnect/logout"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("logout: %d", a.StatusCode)
	}
	if b.cookie("proconnect") != "" {
		t.Error("the browser keeps its cookie")
	}
	check := func(when string) {
		t.Helper()
		for name, cookies := range map[string]string{"first": first, "second": second} {
			if got := s.worth(b, cookies); got != http.StatusUnauthorized {
				t.Errorf("%s: the %s cookie is worth %d", when, name, got)
			}
			stranger := s.browser(b.base)
			stranger.Jar = nil
			if a := stranger.send(http.MethodGet, "/.proconnect/session", http.Header{"Cookie": {cookies}}); a.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s: the session endpoint tells the %s cookie %d: %s", when, name, a.StatusCode, a.Text)
			}
		}
		if got := s.worth(b, other.cookies()); got != http.StatusOK {
			t.Errorf("%s: another login of the person is worth %d", when, got)
		}
	}
	check("at once")
	s.restart(p.link(), logoutSite)
	check("after a restart")
	b.loginAt("/")
	check("after a new login")
}

// "a cookie stolen before a renewal or a step-up, then logout": dead.
func TestAttackStolenBeforeStepUp(t *testing.T) {
	s := start(t, sandboxLink, mfaSite)
	b := s.browser("http://localhost:{$PORT}")
	b.login("/", url.Values{"person": {"ministry"}})
	stolen := b.cookies()
	b.authorize(b.get("/admin/x"), url.Values{"person": {"ministry"}, "acr": {"eidas1-mfa"}})
	raised := b.cookies()
	if stolen == raised || s.worth(b, stolen) != http.StatusOK {
		t.Fatal("no cookie to steal")
	}
	b.follow(b.get("/.proconnect/logout"))
	for name, cookies := range map[string]string{"before the step-up": stolen, "after it": raised} {
		if got := s.worth(b, cookies); got != http.StatusUnauthorized {
			t.Errorf("the cookie stolen %s is worth %d", name, got)
		}
	}
}

// "provider down or without end_session_endpoint": local logout all the same.
func TestAttackLogoutWithoutProvider(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(s *server, p *provider, b *browser)
		page    string // of the logout's answer; empty: a redirect
	}{
		{"without end_session_endpoint", func(s *server, p *provider, b *browser) {
			p.noEndSession = true
			s.reload(b, p.link(), logoutSite)
		}, "logged-out"},
		{"down, nothing known of it", func(s *server, p *provider, b *browser) {
			p.Close()
			s.reload(b, p.link(), logoutSite)
		}, "logged-out"},
		{"down, its discovery known", func(_ *server, p *provider, _ *browser) { p.Close() }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, p, b := loggedIn(t)
			stolen := b.cookies()
			tt.prepare(s, p, b)
			if got := s.worth(b, stolen); got != http.StatusOK {
				t.Fatalf("before: %d", got)
			}
			a := b.get("/.proconnect/logout")
			if a.page() != tt.page || a.StatusCode >= http.StatusInternalServerError {
				t.Errorf("got %d, page %q", a.StatusCode, a.page())
			}
			if got := s.worth(b, stolen); got != http.StatusUnauthorized || b.cookie("proconnect") != "" {
				t.Errorf("the old cookie is worth %d", got)
			}
		})
	}
}

// "return with wrong, missing or replayed state": neutral page, no open redirect,
// never a 500; nobody is logged in or out by it.
func TestAttackLoggedOutState(t *testing.T) {
	const evil = "&return_to=%2F%2Fevil.example&post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F&error=x"
	s, _, b := loggedIn(t)
	a := b.get("/.proconnect/logout?then=login&return_to=%2Fdeep%2Fpage")
	location, _ := url.Parse(a.location())
	state := location.Query().Get("state")
	for _, query := range []string{
		"", "?state=", "?state=wrong", "?state=" + strings.Repeat("x", 43), "?state=" + state[:42], "?state=" + state + "&state=" + state,
		"?state=%00%ff", "?state=%zz", "?;=;", "?state=" + strings.Repeat("y", 8000), "?code=x&state=" + strings.Repeat("x", 43),
	} {
		t.Run(query[:min(len(query), 40)], func(t *testing.T) {
			b.t = t
			a := b.get("/.proconnect/logged-out" + query + map[bool]string{true: "?x=1", false: ""}[query == ""] + evil)
			if a.StatusCode != http.StatusOK || a.page() != "logged-out" || strings.Contains(a.Text, "evil") || a.Header.Get("Location") != "" {
				t.Errorf("got %d to %q, page %q", a.StatusCode, a.Header.Get("Location"), a.page())
			}
		})
	}
	b.t = t
	kept := b.cookies()
	a = b.get("/.proconnect/logged-out?state=" + state + evil)
	if next, _ := url.Parse(a.location()); a.StatusCode != http.StatusSeeOther || next.Path != "/authorize" {
		t.Errorf("the right state, which still held: %d to %q", a.StatusCode, a.location())
	}
	if a := b.get("/.proconnect/logged-out?state=" + state); a.page() != "logged-out" {
		t.Errorf("replayed: %d to %q", a.StatusCode, a.location())
	}
	// Even with its cookie brought back, it leads to nothing but a login here.
	stranger := s.browser(b.base)
	stranger.Jar = nil
	again := stranger.send(http.MethodGet, "/.proconnect/logged-out?state="+state+evil, http.Header{"Cookie": {kept}})
	if strings.Contains(again.Header.Get("Location"), "evil") || again.StatusCode >= http.StatusInternalServerError {
		t.Errorf("replayed with its cookie: %d to %q", again.StatusCode, again.Header.Get("Location"))
	}

	member := s.browser(b.base)
	member.loginAt("/")
	if a := member.get("/.proconnect/logged-out?state=" + state); a.location() != member.base+"/" {
		t.Errorf("with a session: %d to %q", a.StatusCode, a.location())
	}
	if a := member.get("/"); a.StatusCode != http.StatusOK {
		t.Error("a return logged somebody out")
	}
}

// A logout that goes on to a login leads nowhere else.
func TestAttackSwitchTarget(t *testing.T) {
	_, _, b := loggedIn(t)
	for _, target := range []string{"//evil.example", `/\evil.example`, "https://evil.example/", "/%09/evil.example", "/.proconnect/logout", "javascript:alert(1)"} {
		t.Run(target, func(t *testing.T) {
			b.t = t
			b.loginAt("/")
			a := b.get("/.proconnect/logout?then=login&return_to=" + url.QueryEscape(target))
			location, _ := url.Parse(a.location())
			a = b.get("/.proconnect/logged-out?state=" + location.Query().Get("state"))
			for range 2 {
				a = b.get(a.location())
			}
			if got := a.Header.Get("Location"); a.StatusCode != http.StatusSeeOther || got != "/" {
				t.Errorf("got %d to %q", a.StatusCode, got)
			}
		})
	}
}
