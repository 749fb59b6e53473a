package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
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
func loggedIn(t *testing.T) (*caddytest.Server, *caddytest.Provider, *caddytest.Browser) {
	t.Helper()
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, p.Option(), logoutSite)
	b := s.Browser("http://localhost:{$PORT}")
	if a := b.LoginAt("/"); !strings.HasPrefix(a.Text, "inside") {
		t.Fatalf("login: %d, page %q", a.StatusCode, a.Page())
	}
	return s, p, b
}

// worth is the status that cookies get at the site, kept by nobody.
func worth(s *caddytest.Server, b *caddytest.Browser, cookies string) int {
	s.T.Helper()
	stranger := s.Browser(b.Base)
	stranger.RetryResets()
	stranger.Jar = nil
	return stranger.Send(http.MethodGet, "/", http.Header{"Cookie": {cookies}}).StatusCode
}

// "end_session request": id_token_hint or client_id, the registered
// post_logout_redirect_uri, state of 32+ characters.
func TestEndSessionRequest(t *testing.T) {
	s, p, b := loggedIn(t)
	other := s.Browser("http://localhost:{$PORT}")
	other.LoginAt("/")
	hintCookie := b.Named("proconnect_id_token")
	hintOf := func(b *caddytest.Browser) string {
		home := b.Home()
		home.Path = "/.proconnect/logout"
		for _, c := range b.Jar.Cookies(home) {
			if c.Name == hintCookie {
				return c.Value
			}
		}
		return ""
	}
	if b.Cookie(hintCookie) != "" {
		t.Error("the ID token's cookie is sent to the whole site")
	}
	tests := []struct {
		name    string
		prepare func(b *caddytest.Browser) (cookies string)
		hint    bool
	}{
		{"with its ID token", func(b *caddytest.Browser) string { return b.Cookies() + "; " + hintCookie + "=" + hintOf(b) }, true},
		{"without", (*caddytest.Browser).Cookies, false},
		{"with another session's", func(b *caddytest.Browser) string { return b.Cookies() + "; " + hintCookie + "=" + hintOf(other) }, false},
		{"with garbage", func(b *caddytest.Browser) string { return b.Cookies() + "; " + hintCookie + "=x" }, false},
		{"without a session", func(b *caddytest.Browser) string { return hintCookie + "=" + hintOf(b) }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := s.Browser("http://localhost:{$PORT}")
			b.T = t
			b.LoginAt("/")
			issued := p.Issued
			cookies := tt.prepare(b)
			b.Jar = nil
			a := b.Visit("/.proconnect/logout", "Cookie", cookies)
			location, err := url.Parse(a.RedirectURL())
			if err != nil || a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.RedirectURL(), p.URL+"/end-session?") {
				t.Fatalf("got %d to %s", a.StatusCode, a.RedirectURL())
			}
			q := location.Query()
			if len(q["state"]) != 1 || len(q.Get("state")) < 32 {
				t.Errorf("state %q", q["state"])
			}
			if got := q["post_logout_redirect_uri"]; len(got) != 1 || got[0] != b.Base+"/.proconnect/logged-out" {
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
		p.Pad = strings.Repeat("x", 4000)
		b := s.Browser("http://localhost:{$PORT}")
		b.LoginAt("/")
		if location, _ := url.Parse(b.Visit("/.proconnect/logout").RedirectURL()); location.Query().Has("id_token_hint") || location.Query().Get("client_id") != "client" {
			t.Errorf("got %s", location)
		}
	})
}

// "replay of the old session cookie after logout": 401, also after a reload and a
// restart, also of a cookie stolen long before.
func TestReplayAfterLogout(t *testing.T) {
	s, p, b := loggedIn(t)
	first := b.Cookies()
	b.LoginAt("/") // the same family goes on
	second := b.Cookies()
	if first == second || worth(s, b, first) != http.StatusOK || worth(s, b, second) != http.StatusOK {
		t.Fatal("two cookies of one family, both alive: nothing to test")
	}
	other := s.Browser("http://localhost:{$PORT}")
	other.LoginAt("/") // the same person elsewhere
	if a := b.Visit("/.proconnect/logout"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("logout: %d", a.StatusCode)
	}
	if b.Cookie("proconnect") != "" {
		t.Error("the browser keeps its cookie")
	}
	check := func(when string) {
		t.Helper()
		for name, cookies := range map[string]string{"first": first, "second": second} {
			if got := worth(s, b, cookies); got != http.StatusUnauthorized {
				t.Errorf("%s: the %s cookie is worth %d", when, name, got)
			}
			stranger := s.Browser(b.Base)
			stranger.Jar = nil
			if a := stranger.Send(http.MethodGet, "/.proconnect/session", http.Header{"Cookie": {cookies}}); a.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s: the session endpoint tells the %s cookie %d: %s", when, name, a.StatusCode, a.Text)
			}
		}
		if got := worth(s, b, other.Cookies()); got != http.StatusOK {
			t.Errorf("%s: another login of the person is worth %d", when, got)
		}
	}
	check("at once")
	s.Restart(p.Option(), logoutSite)
	check("after a restart")
	b.LoginAt("/")
	check("after a new login")
}

// "a cookie stolen before a renewal or a step-up, then logout": dead.
func TestStolenBeforeStepUp(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, mfaSite)
	b := s.Browser("http://localhost:{$PORT}")
	b.Login("/", url.Values{"person": {"ministry"}})
	stolen := b.Cookies()
	b.Authorize(b.Visit("/admin/x"), url.Values{"person": {"ministry"}, "acr": {"eidas1-mfa"}})
	raised := b.Cookies()
	if stolen == raised || worth(s, b, stolen) != http.StatusOK {
		t.Fatal("no cookie to steal")
	}
	b.Follow(b.Visit("/.proconnect/logout"))
	for name, cookies := range map[string]string{"before the step-up": stolen, "after it": raised} {
		if got := worth(s, b, cookies); got != http.StatusUnauthorized {
			t.Errorf("the cookie stolen %s is worth %d", name, got)
		}
	}
}

// "provider down or without end_session_endpoint": local logout all the same.
func TestLogoutWithoutProvider(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(s *caddytest.Server, p *caddytest.Provider, b *caddytest.Browser)
		page    string // of the logout's answer; empty: a redirect
	}{
		{"without end_session_endpoint", func(s *caddytest.Server, p *caddytest.Provider, b *caddytest.Browser) {
			p.NoEndSession = true
			s.Reload(b, p.Option(), logoutSite)
		}, "logged-out"},
		{"down, nothing known of it", func(s *caddytest.Server, p *caddytest.Provider, b *caddytest.Browser) {
			p.Down()
			s.Reload(b, p.Option(), logoutSite)
		}, "logged-out"},
		{"down, its discovery known", func(_ *caddytest.Server, p *caddytest.Provider, _ *caddytest.Browser) { p.Down() }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, p, b := loggedIn(t)
			stolen := b.Cookies()
			tt.prepare(s, p, b)
			if got := worth(s, b, stolen); got != http.StatusOK {
				t.Fatalf("before: %d", got)
			}
			a := b.Visit("/.proconnect/logout")
			if a.Page() != tt.page || a.StatusCode >= http.StatusInternalServerError {
				t.Errorf("got %d, page %q", a.StatusCode, a.Page())
			}
			if got := worth(s, b, stolen); got != http.StatusUnauthorized || b.Cookie("proconnect") != "" {
				t.Errorf("the old cookie is worth %d", got)
			}
		})
	}
}

// "return with wrong, missing or replayed state": neutral page, no open redirect,
// never a 500; nobody is logged in or out by it.
func TestLoggedOutState(t *testing.T) {
	const evil = "&return_to=%2F%2Fevil.example&post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F&error=x"
	s, _, b := loggedIn(t)
	a := b.Visit("/.proconnect/logout?then=login&return_to=%2Fdeep%2Fpage")
	location, _ := url.Parse(a.RedirectURL())
	state := location.Query().Get("state")
	for _, query := range []string{
		"", "?state=", "?state=wrong", "?state=" + strings.Repeat("x", 43), "?state=" + state[:42], "?state=" + state + "&state=" + state,
		"?state=%00%ff", "?state=%zz", "?;=;", "?state=" + strings.Repeat("y", 8000), "?code=x&state=" + strings.Repeat("x", 43),
	} {
		t.Run(query[:min(len(query), 40)], func(t *testing.T) {
			b.T = t
			a := b.Visit("/.proconnect/logged-out" + query + map[bool]string{true: "?x=1", false: ""}[query == ""] + evil)
			if a.StatusCode != http.StatusOK || a.Page() != "logged-out" || strings.Contains(a.Text, "evil") || a.Header.Get("Location") != "" {
				t.Errorf("got %d to %q, page %q", a.StatusCode, a.Header.Get("Location"), a.Page())
			}
		})
	}
	b.T = t
	kept := b.Cookies()
	a = b.Visit("/.proconnect/logged-out?state=" + state + evil)
	if next, _ := url.Parse(a.RedirectURL()); a.StatusCode != http.StatusSeeOther || next.Path != "/authorize" {
		t.Errorf("the right state, which still held: %d to %q", a.StatusCode, a.RedirectURL())
	}
	if a := b.Visit("/.proconnect/logged-out?state=" + state); a.Page() != "logged-out" {
		t.Errorf("replayed: %d to %q", a.StatusCode, a.RedirectURL())
	}
	// Even with its cookie brought back, it leads to nothing but a login here.
	stranger := s.Browser(b.Base)
	stranger.Jar = nil
	again := stranger.Send(http.MethodGet, "/.proconnect/logged-out?state="+state+evil, http.Header{"Cookie": {kept}})
	if strings.Contains(again.Header.Get("Location"), "evil") || again.StatusCode >= http.StatusInternalServerError {
		t.Errorf("replayed with its cookie: %d to %q", again.StatusCode, again.Header.Get("Location"))
	}

	member := s.Browser(b.Base)
	member.LoginAt("/")
	if a := member.Visit("/.proconnect/logged-out?state=" + state); a.RedirectURL() != member.Base+"/" {
		t.Errorf("with a session: %d to %q", a.StatusCode, a.RedirectURL())
	}
	if a := member.Visit("/"); a.StatusCode != http.StatusOK {
		t.Error("a return logged somebody out")
	}
}

// A logout that goes on to a login leads nowhere else.
func TestSwitchTarget(t *testing.T) {
	_, _, b := loggedIn(t)
	for _, target := range []string{"//evil.example", `/\evil.example`, "https://evil.example/", "/%09/evil.example", "/.proconnect/logout", "javascript:alert(1)"} {
		t.Run(target, func(t *testing.T) {
			b.T = t
			b.LoginAt("/")
			a := b.Visit("/.proconnect/logout?then=login&return_to=" + url.QueryEscape(target))
			location, _ := url.Parse(a.RedirectURL())
			a = b.Visit("/.proconnect/logged-out?state=" + location.Query().Get("state"))
			for range 2 {
				a = b.Visit(a.RedirectURL())
			}
			if got := a.Header.Get("Location"); a.StatusCode != http.StatusSeeOther || got != "/" {
				t.Errorf("got %d to %q", a.StatusCode, got)
			}
		})
	}
}

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
		p.Down()
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

// nginxHead is what nginx takes of an answer's headers by default (proxy_buffer_size);
// what is over, people get as its 502.
const nginxHead = 4096

// sizeOf is what an answer's headers weigh.
func sizeOf(a caddytest.Answer) int {
	var b strings.Builder
	_ = a.Header.Write(&b)
	return len("HTTP/1.1 303 See Other\r\n") + b.Len() + len("\r\n")
}

// The ID token is a hint at most: where it would make an answer's headers larger than
// nginx takes, no answer of a login or a logout carries it.
func TestHeadersFitThroughNginx(t *testing.T) {
	for name, tt := range map[string]struct {
		pad, target int
		hint        bool
	}{
		"small":                       {100, 10, true},
		"a long target":               {1150, 500, false},
		"the same, and a short one":   {1150, 10, true},
		"a long token":                {2300, 10, false},
		"so long that it fits in one": {1500, 10, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := caddytest.NewProvider(t)
			p.Pad = strings.Repeat("x", tt.pad)
			s := caddytest.Start(t, p.Option(), logoutSite)
			b := s.Browser("http://localhost:{$PORT}")
			a := b.Visit("/.proconnect/login?return_to=" + url.QueryEscape("/"+strings.Repeat("y", tt.target)))
			for range 3 {
				if a.StatusCode != http.StatusSeeOther {
					break
				}
				if a = b.Visit(a.RedirectURL()); sizeOf(a) > nginxHead {
					t.Errorf("%d with headers of %d bytes", a.StatusCode, sizeOf(a))
				}
			}
			if !strings.HasPrefix(a.Text, "inside") {
				t.Fatalf("login: %d, page %q", a.StatusCode, a.Page())
			}
			a = b.Visit("/.proconnect/logout")
			if a.StatusCode != http.StatusSeeOther || sizeOf(a) > nginxHead {
				t.Errorf("logout: %d with headers of %d bytes", a.StatusCode, sizeOf(a))
			}
			location, err := url.Parse(a.RedirectURL())
			if err != nil {
				t.Fatal(err)
			}
			if q := location.Query(); q.Has("id_token_hint") != tt.hint || q.Has("client_id") == tt.hint {
				t.Errorf("the logout leads to %s", a.RedirectURL())
			}
		})
	}
}
