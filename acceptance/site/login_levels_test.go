package site_test

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

var mfaLevels = []string{"eidas0-mfa", "eidas1-mfa", "eidas2", "eidas3"}

var (
	loginHref   = regexp.MustCompile(`href="(/\.proconnect/login\?[^"]*)"`)
	hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// loginLink is where a page of ours leads to log in: by a link, or by a form.
func loginLink(a caddytest.Answer, t *testing.T) string {
	t.Helper()
	if m := loginHref.FindStringSubmatch(a.Text); m != nil {
		return html.UnescapeString(m[1])
	}
	if !strings.Contains(a.Text, `action="/.proconnect/login"`) {
		t.Fatalf("%d, page %q: no way to log in", a.StatusCode, a.Page())
	}
	q := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(a.Text, -1) {
		q.Add(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	return "/.proconnect/login?" + q.Encode()
}

// loginURL is where an answer for programs says to log in.
func loginURL(a caddytest.Answer, t *testing.T) string {
	t.Helper()
	var doc struct {
		LoginURL string `json:"login_url"`
	}
	if err := json.Unmarshal([]byte(a.Text), &doc); err != nil || doc.LoginURL == "" {
		t.Fatalf("%d: %s", a.StatusCode, a.Text)
	}
	return doc.LoginURL
}

// requestedLevels are the levels that a redirect to ProConnect requires; none if it
// requires none.
func requestedLevels(t *testing.T, a caddytest.Answer) []string {
	t.Helper()
	location, err := url.Parse(a.RedirectURL())
	if err != nil || a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d to %q, page %q: want a redirect to ProConnect", a.StatusCode, a.RedirectURL(), a.Page())
	}
	if !strings.Contains(location.Query().Get("claims"), "essential") {
		return nil
	}
	return essentialLevels(t, a)
}

// An unmet essential acr has ProConnect end its single sign-on: asked for after a
// plain login, it makes everybody log in twice. So what every way in needs is asked
// for at once, whatever leads to ProConnect; and nothing is that somebody may do
// without.
func TestFirstLoginAsksForTheLevel(t *testing.T) {
	for name, tt := range map[string]struct {
		gate string
		want []string
	}{
		"mfa of everybody":              {"allow any\n mfa", mfaLevels},
		"acr of everybody":              {"allow any\n acr eidas3 eidas2", []string{"eidas3", "eidas2"}},
		"in the one allow":              {"allow {\n siren 130025265\n mfa\n }", mfaLevels},
		"in every allow":                {"allow mfa\n allow {\n siren 130025265\n acr eidas1 eidas2\n }", []string{"eidas0-mfa", "eidas1", "eidas1-mfa", "eidas2", "eidas3"}},
		"of everybody, and in a rule":   {"acr eidas1-mfa eidas2 eidas1\n allow {\n siren 130025265\n mfa\n }", []string{"eidas1-mfa", "eidas2"}},
		"in a deny beside them":         {"allow mfa\n deny acr eidas2", mfaLevels},
		"optional":                      {"optional\n allow mfa", mfaLevels},
		"not in one of the allow rules": {"allow siren 130025265\n allow mfa", nil},
		"only turned around":            {"allow {\n not acr eidas1\n }", nil},
		"in none":                       {"allow any", nil},
		"no login would do":             {"acr eidas3\n allow acr eidas1", nil},
		"two levels at once":            {"allow {\n acr eidas1\n acr eidas2\n }", nil},
	} {
		t.Run(name, func(t *testing.T) {
			for _, way := range []string{"page", "auto"} {
				s := caddytest.Start(t, caddytest.Sandbox, "\nhttp://localhost:{$PORT} {\n proconnect {\n login "+way+"\n "+tt.gate+"\n }\n respond \"inside\"\n}")
				b := s.Browser("http://localhost:{$PORT}")
				for from, a := range firstLogins(t, b, way, strings.Contains(tt.gate, "optional")) {
					if got := requestedLevels(t, a); !slices.Equal(got, tt.want) {
						t.Errorf("%s: ProConnect is asked for %q, want %q", from, got, tt.want)
					}
				}
			}
		})
	}
}

// firstLogins are the ways in which a stranger gets from a site to ProConnect.
func firstLogins(t *testing.T, b *caddytest.Browser, way string, optional bool) map[string]caddytest.Answer {
	t.Helper()
	a := b.Visit("/x") // first: while somebody is on the way by a click, nobody goes without one
	if way == "page" && !optional {
		a = b.Visit(loginLink(a, t))
	}
	ways := map[string]caddytest.Answer{"the site's own link": b.Visit("/.proconnect/login?return_to=/x")}
	// A change of account ends on a login of somebody else.
	out := b.Visit("/.proconnect/logout?then=login&return_to=/x")
	ways["change account"] = b.Visit(b.Visit(out.RedirectURL()).RedirectURL())
	if optional {
		return ways
	}
	ways["a program"] = b.Visit(loginURL(b.Visit("/x", fetchHeaders...), t))
	ways["a frame"] = b.Visit(loginLink(b.Visit("/x", "Sec-Fetch-Dest", "iframe"), t))
	ways["a frame at the login"] = b.Visit(loginLink(b.Visit("/.proconnect/login?return_to=/x", "Sec-Fetch-Dest", "iframe"), t))
	ways["a form"] = b.Visit(loginLink(b.Request(http.MethodPost, "/x", url.Values{"a": {"b"}}), t))
	ways[way] = a
	return ways
}

// The site's own link to the login is answered by the first gate. Where that stands
// at some addresses only, what it requires is not required of the whole site.
func TestFirstLoginOfTheRestOfTheSite(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect /admin/* {
		allow mfa
	}
	respond "inside"
}`)
	b := s.Browser("http://localhost:{$PORT}")
	for _, target := range []string{"/.proconnect/login?return_to=/", "/.proconnect/login?return_to=/&acr_values="} {
		if got := requestedLevels(t, b.Visit(target)); got != nil {
			t.Errorf("%s: ProConnect is asked for %q", target, got)
		}
	}
	if got := requestedLevels(t, b.Visit(loginLink(b.Visit("/admin/x"), t))); !slices.Equal(got, mfaLevels) {
		t.Errorf("at the gate, ProConnect is asked for %q", got)
	}
}

// A first login whose level ProConnect could not bring: the page says so, and its
// ways on ask for the level again, and lead to the same page of the site.
func TestFirstLoginUnmet(t *testing.T) {
	for _, way := range []string{"page", "auto"} {
		t.Run(way, func(t *testing.T) {
			s := caddytest.Start(t, caddytest.Sandbox, "\nhttp://localhost:{$PORT} {\n proconnect {\n login "+way+"\n allow any\n mfa\n }\n respond \"inside\"\n}")
			b := s.Browser("http://localhost:{$PORT}")
			a := b.Visit("/x?y=z")
			if way == "page" {
				a = b.Visit(loginLink(a, t))
			}
			a = b.Authorize(a, url.Values{"person": {"ministry"}, "acr": {"eidas1"}})
			if a.StatusCode != http.StatusForbidden || a.Page() != "refused" || !strings.Contains(html.UnescapeString(a.Text), "double authentification") {
				t.Fatalf("unmet: %d, page %q", a.StatusCode, a.Page())
			}
			again := b.Visit(loginLink(a, t))
			if got := requestedLevels(t, again); !slices.Equal(got, mfaLevels) {
				t.Errorf("the way to try again asks for %q", got)
			}
			if a = b.Authorize(again, url.Values{"person": {"ministry"}, "acr": {"eidas1-mfa"}}); a.Text != "inside" {
				t.Errorf("then: %d, page %q", a.StatusCode, a.Page())
			}
			if got := b.Visit("/x?y=z").Text; got != "inside" {
				t.Error(got)
			}
		})
	}
}

// Whoever has a session of too low a level is asked for the gate's level once. In
// vain, they get the page that explains it, and another claim that is wanting sends
// them to ProConnect without asking for the level again.
func TestLevelAskedOnceOfAStaleSession(t *testing.T) {
	site := func(rules string) string {
		return "\nhttp://localhost:{$PORT} {\n proconnect {\n allow any\n }\n proconnect /admin/* {\n " + rules + "\n mfa\n }\n respond \"inside\"\n}"
	}
	s := caddytest.Start(t, caddytest.Sandbox, site("allow any"))
	b := s.Browser("http://localhost:{$PORT}")
	ministry := url.Values{"person": {"ministry"}, "acr": {"eidas1"}}
	b.Login("/", ministry)
	a := b.Visit("/admin/x")
	if got := requestedLevels(t, a); !slices.Equal(got, mfaLevels) {
		t.Fatalf("the step-up asks for %q", got)
	}
	if a = b.Authorize(a, ministry); a.StatusCode != http.StatusForbidden || a.Page() != "refused" {
		t.Fatalf("unmet: %d, page %q", a.StatusCode, a.Page())
	}
	s.Reload(b, caddytest.Sandbox, site("allow organizational_unit *"))
	if got := requestedLevels(t, b.Visit("/admin/x")); got != nil {
		t.Errorf("the level is asked for again: %q", got)
	}
}
