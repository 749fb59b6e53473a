package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
)

// gated is a site that every professional may enter, and that hears who comes.
const gated = `	proconnect {
		allow any
		headers
	}
	reverse_proxy {$UPSTREAM} {
		header_up X-User {http.auth.user.email}
	}`

func TestLogin(t *testing.T) {
	for _, c := range []client{
		rs256,
		{id: "es256", signing: "ES256", userinfo: "ES256"},
		{id: "hs256", signing: "HS256", userinfo: "HS256"},
		{id: "json", signing: "RS256", userinfo: "none"},
	} {
		t.Run(c.id, func(t *testing.T) {
			s := newStack(t, c, sites{"docs": gated})
			b := newPerson(t)
			const target = "/deep/page?x=1&y=%C3%A9t%C3%A9"
			b.enter(s.origin("docs")+target, "dinum")
			b.see("site")
			if got := b.where(); got != s.origin("docs")+target {
				t.Errorf("got %s, want the address asked for", got)
			}
			if got := b.text("#uri"); got != target {
				t.Errorf("the site got %s, want %s", got, target)
			}
			checkIdentity(t, s.upstream.last(t, target))
			checkSessionCookie(t, s, b)
		})
	}
}

// checkIdentity holds what the site was told to who logged in.
func checkIdentity(t *testing.T, got seen) {
	t.Helper()
	for name, want := range map[string]string{
		"X-Proconnect-Email": "angela.durand@numerique.gouv.fr",
		"X-Proconnect-Siret": "13002526500013",
		"X-Proconnect-Siren": "130025265",
		"X-Proconnect-Roles": "agent_public agent_public_etat",
		"X-User":             "angela.durand@numerique.gouv.fr",
		"Cookie":             "", // ours go no further
	} {
		if v := got.Header.Get(name); v != want {
			t.Errorf("%s: got %q, want %q", name, v, want)
		}
	}
}

func checkSessionCookie(t *testing.T, s *stack, b *tab) {
	t.Helper()
	cookies := b.cookies(s.origin("docs") + "/")
	if len(cookies) != 2 {
		t.Errorf("got %d cookies, want the session and the browser's secret: a login leaves nothing else", len(cookies))
	}
	for _, c := range cookies {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HTTPOnly || !c.Session || c.SameSite != network.CookieSameSiteLax {
			t.Errorf("got %+v", c)
		}
		if size := len(c.Name) + len(c.Value); size > 700 {
			t.Errorf("%s: got %d bytes, want 700 at most", c.Name, size)
		}
		if strings.Contains(s.caddy.lines.String(), c.Value) {
			t.Errorf("the log holds the cookie %s", c.Name)
		}
	}
}

// TestForgedHeaders: a program that says who it is gets no further than one
// that says nothing, on paths that no gate guards too.
func TestForgedHeaders(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": `	proconnect /private/* {
		allow any
		headers
	}
	reverse_proxy {$UPSTREAM}`})
	b := newPerson(t)
	b.enter(s.origin("docs")+"/private/", "dinum")
	b.see("site")
	cookie := b.cookieHeader(s.origin("docs") + "/")
	for _, tt := range []struct{ name, path, cookie, want string }{
		{"ungated", "/x", "", ""},
		{"ungated with a session", "/y", cookie, "angela.durand@numerique.gouv.fr"},
		{"gated with a session", "/private/z", cookie, "angela.durand@numerique.gouv.fr"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res := s.send(t, "GET", s.origin("docs")+tt.path, "Cookie", tt.cookie+"; other=kept",
				"X-ProConnect-Email", "forged@numerique.gouv.fr", "X-Proconnect-Roles", "agent_public", "X-ProConnect-Sub", "forged")
			if res.StatusCode != 200 {
				t.Fatalf("got %d %s", res.StatusCode, res.body)
			}
			got := s.upstream.last(t, tt.path)
			for name, values := range got.Header {
				if strings.Contains(strings.Join(values, " "), "forged") {
					t.Errorf("%s: got %q", name, values)
				}
			}
			// On a path without a gate the person is a stranger or known, never another.
			if email := got.Header.Get("X-Proconnect-Email"); email != "" && email != tt.want {
				t.Errorf("got %q, want %q", email, tt.want)
			}
			if c := got.Header.Get("Cookie"); strings.Contains(c, "__Host-") || !strings.Contains(c, "other=kept") {
				t.Errorf("got cookies %q, want the site's own", c)
			}
		})
	}
	t.Run("gated without a session", func(t *testing.T) {
		if res := s.send(t, "GET", s.origin("docs")+"/private/w", "X-ProConnect-Email", "forged@numerique.gouv.fr"); res.StatusCode != 401 {
			t.Errorf("got %d", res.StatusCode)
		}
		if len(s.upstream.got("/private/w")) > 0 {
			t.Error("the request reached the site")
		}
	})
}

// TestHostileClaims: ProConnect hands on whatever an identity provider sends.
func TestHostileClaims(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": `	proconnect {
		allow siren 219200235
	}
	reverse_proxy {$UPSTREAM}`})
	b := newPerson(t)
	b.enter(s.origin("docs")+"/", "hostile")
	b.see("refused")
	if got := peek[string](b, `document.title`); strings.Contains(got, "pwned") {
		t.Errorf("a claim ran as a script: %q", got)
	}
	if n := eval[int](b, `document.querySelectorAll("main img, main script").length`); n != 0 {
		t.Errorf("%d elements came out of claims", n)
	}
}
