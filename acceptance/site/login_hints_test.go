package site_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

const (
	idpOne   = "11111111-1111-4111-8111-111111111111"
	idpTwo   = "22222222-2222-4222-8222-222222222222"
	siretOne = "13002526500013"
	siretTwo = "21920023500014"
)

// wantHints wants the hints of a redirect to ProConnect, and no others.
func wantHints(t *testing.T, a caddytest.Answer, want url.Values) {
	t.Helper()
	location, err := url.Parse(a.RedirectURL())
	if err != nil || a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d to %q, page %q: want a redirect to ProConnect", a.StatusCode, a.RedirectURL(), a.Page())
	}
	for _, name := range []string{"idp_hint", "siret_hint", "login_hint"} {
		if got := location.Query()[name]; strings.Join(got, " ") != want.Get(name) {
			t.Errorf("%s: got %q, want %q", name, got, want.Get(name))
		}
	}
}

// The login is answered by the first gate of the site. What it hints to ProConnect is
// nevertheless what the gate says that wanted the login.
func TestHintsOfTheGateThatAsked(t *testing.T) {
	site := func(login string) string {
		return strings.ReplaceAll(`
http://localhost:{$PORT} {
	proconnect /one/* {
		allow any
		login LOGIN
		idp_hint `+idpOne+`
		siret_hint `+siretOne+`
	}
	proconnect /two/* {
		allow any
		login LOGIN
		idp_hint `+idpTwo+`
		siret_hint `+siretTwo+`
	}
	proconnect /none/* {
		allow any
		login LOGIN
	}
	respond "inside"
}`, "LOGIN", login)
	}
	one := url.Values{"idp_hint": {idpOne}, "siret_hint": {siretOne}}
	two := url.Values{"idp_hint": {idpTwo}, "siret_hint": {siretTwo}}
	gates := map[string]url.Values{"/one/x": one, "/two/x": two, "/none/x": {}}
	t.Run("page", func(t *testing.T) {
		p := caddytest.NewProvider(t)
		s := caddytest.Start(t, p.Option(), site("page"))
		for path, want := range gates {
			b := s.Browser("http://localhost:{$PORT}")
			wantHints(t, b.Visit(loginLink(b.Visit(path), t)), want)
			wantHints(t, b.Visit(loginURL(b.Visit(path, fetchHeaders...), t)), want)
		}
		b := s.Browser("http://localhost:{$PORT}")
		// The site's own link names no gate; and a link can name none but the operator's.
		wantHints(t, b.Visit("/.proconnect/login?return_to=/two/x"), one)
		for _, key := range []string{"", "evil", idpTwo, "1", "../x"} {
			a := b.Visit("/.proconnect/login?return_to=/two/x&gate=" + url.QueryEscape(key))
			wantHints(t, a, one)
			if strings.Contains(a.RedirectURL(), "evil") {
				t.Errorf("%s was handed on", key)
			}
		}
	})
	t.Run("auto", func(t *testing.T) {
		p := caddytest.NewProvider(t)
		s := caddytest.Start(t, p.Option(), site("auto"))
		for path, want := range gates {
			wantHints(t, s.Browser("http://localhost:{$PORT}").Visit(path), want)
		}
	})
	// A failed login is answered by the first gate too, and so is a change of account.
	t.Run("ways on from a failed login", func(t *testing.T) {
		p := caddytest.NewProvider(t)
		s := caddytest.Start(t, p.Option(), site("auto"))
		for path, want := range gates {
			b := s.Browser("http://localhost:{$PORT}")
			away, err := url.Parse(b.Visit(path).RedirectURL())
			if err != nil {
				t.Fatal(err)
			}
			a := b.Visit("/.proconnect/callback?error=access_denied&iss=" + url.QueryEscape(p.URL) + "&state=" + away.Query().Get("state"))
			wantHints(t, b.Visit(loginLink(a, t)), want)
			wantHints(t, changeAccount(b, t, a), want)
		}
	})
}

// changeAccount follows a page's link to log out and in as somebody else.
func changeAccount(b *caddytest.Browser, t *testing.T, a caddytest.Answer) caddytest.Answer {
	t.Helper()
	_, rest, found := strings.Cut(a.Text, `href="/.proconnect/logout?then=login`)
	if !found {
		t.Fatalf("%d, page %q: no way to change account", a.StatusCode, a.Page())
	}
	rest, _, _ = strings.Cut(rest, `"`)
	out, err := url.Parse(b.Visit("/.proconnect/logout?then=login" + strings.ReplaceAll(rest, "&amp;", "&")).RedirectURL())
	if err != nil {
		t.Fatal(err)
	}
	q := out.Query()
	return b.Visit(q.Get("post_logout_redirect_uri") + "?state=" + q.Get("state"))
}

// A gate of another site of the same client says nothing of this one.
func TestHintsOfOneKind(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, p.Option(), `
http://localhost:{$PORT} {
	proconnect {
		allow any
		idp_hint `+idpOne+`
	}
	respond "inside"
}`)
	b := s.Browser("http://localhost:{$PORT}")
	link := loginLink(b.Visit("/x"), t)
	if strings.Contains(link, "gate=") {
		t.Errorf("the link names a gate where all are alike: %s", link)
	}
	wantHints(t, b.Visit(link), url.Values{"idp_hint": {idpOne}})
}

// A login at another level goes back to the identity provider where the person
// logged in, whatever the gate hints: ProConnect need not ask for the email, and
// another provider would bring another person. The email is sent only where the
// provider is not known, and only if ProConnect takes it for one.
func TestStepUpGoesBackToTheIdentityProvider(t *testing.T) {
	const site = `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	proconnect /admin/* {
		allow any
		mfa
		HINT
	}
	respond "inside"
}`
	for name, tt := range map[string]struct {
		hint   string
		claims map[string]any
		want   url.Values
	}{
		"known":                            {"", nil, url.Values{"idp_hint": {"2f5a3c1e-7d84-4b0e-9c56-0a1b2c3d4e5f"}}},
		"known, the gate hints another":    {"idp_hint " + idpTwo, nil, url.Values{"idp_hint": {"2f5a3c1e-7d84-4b0e-9c56-0a1b2c3d4e5f"}}},
		"known, the gate hints a siret":    {"siret_hint " + siretTwo, nil, url.Values{"idp_hint": {"2f5a3c1e-7d84-4b0e-9c56-0a1b2c3d4e5f"}, "siret_hint": {siretTwo}}},
		"unknown":                          {"", map[string]any{"idp_id": nil}, url.Values{"login_hint": {"camille@example.gouv.fr"}}},
		"unknown, the gate hints one":      {"idp_hint " + idpTwo, map[string]any{"idp_id": nil}, url.Values{"idp_hint": {idpTwo}}},
		"unknown, and no address":          {"", map[string]any{"idp_id": nil, "email": "nobody"}, nil},
		"unknown, and two addresses":       {"", map[string]any{"idp_id": nil, "email": "a@b.fr@c.fr"}, nil},
		"unknown, and an address in words": {"", map[string]any{"idp_id": nil, "email": "a b@c.fr"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := caddytest.NewProvider(t)
			for claim, value := range tt.claims {
				p.Claims[claim] = value
			}
			s := caddytest.Start(t, p.Option(), strings.Replace(site, "HINT", tt.hint, 1))
			b := s.Browser("http://localhost:{$PORT}")
			if a := b.LoginAt("/"); a.Text != "inside" {
				t.Fatalf("login: %d, page %q", a.StatusCode, a.Page())
			}
			wantHints(t, b.Visit("/admin/x"), tt.want)
			wantHints(t, b.Visit(loginURL(b.Visit("/admin/x", fetchHeaders...), t)), tt.want)
			// A login that asks for no level is not led back: the single sign-on may be
			// another person's by now, and a hint that does not fit would end it.
			wantHints(t, b.Visit("/.proconnect/login?return_to=/"), nil)
		})
	}
}

// Whom ProConnect can only be told by their email stays out of the access log, by the
// filter that users are shown.
func TestLoginHintStaysOutOfTheLog(t *testing.T) {
	p := caddytest.NewProvider(t)
	delete(p.Claims, "idp_id")
	s := caddytest.Start(t, p.Option(), caddytest.DocumentedFilter(t)+strings.Replace(mfaSite, "{\n", "{\n\tlog {\n\t\toutput file {$DIR}/access.json\n\t\timport no_secrets\n\t}\n", 1))
	b := s.Browser("http://localhost:{$PORT}")
	b.LoginAt("/")
	if a := b.Visit("/admin/x"); !strings.Contains(a.RedirectURL(), "login_hint=camille%40") {
		t.Fatalf("no hint: %d to %s", a.StatusCode, a.RedirectURL())
	}
	logged, err := os.ReadFile(filepath.Join(s.Dir, "access.json"))
	if err != nil {
		t.Fatal(err)
	}
	if log := string(logged); !strings.Contains(log, "login_hint=hidden") || strings.Contains(log, "camille") {
		t.Errorf("the access log: %s", log)
	}
}
