package site_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

// A gate of one client that stands on another's endpoints opens its own session,
// which those take for theirs.
func TestSessionOfAnotherClient(t *testing.T) {
	s := caddytest.Start(t, "proconnect {\n environment sandbox\n }\n proconnect other {\n environment sandbox\n client_id other\n }", `
http://docs.localhost:{$PORT} {
	@rest not path /other/*
	proconnect @rest {
		allow any
		optional
	}
	proconnect /other/* {
		client other
		path /.other
		allow any
		acr eidas3
	}
	respond "inside {http.auth.user.acr}"
}`)
	b := s.Browser("http://docs.localhost:{$PORT}")
	b.Login("/x", url.Values{"person": {"ministry"}, "acr": {"eidas3"}})
	if a := b.Visit("/.other/session", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("/.other/session tells the other client's session: %d %s", a.StatusCode, a.Text)
	}
	// Somebody else logs in by the other client, and logs out of it.
	b.Jar.SetCookies(b.Home(), []*http.Cookie{{Name: "proconnect_sandbox", Path: "/", MaxAge: -1}})
	a := b.Authorize(b.Visit("/.other/login?return_to=/other/x&acr_values=eidas3"), url.Values{"person": {"commune"}, "acr": {"eidas3"}})
	if !strings.HasPrefix(a.Text, "inside eidas3") {
		t.Fatalf("%d %s", a.StatusCode, a.Page())
	}
	stolen := b.Cookie("proconnect-other")
	if a = b.Visit("/.other/logout"); a.StatusCode != http.StatusSeeOther {
		t.Fatal(a.StatusCode)
	}
	thief := s.Browser("http://docs.localhost:{$PORT}")
	thief.Plant("proconnect-other", stolen)
	if a = thief.Visit("/other/x"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the cookie lives after the logout: %d %s", a.StatusCode, a.Text)
	}
}

// A matcher asks for people of another client than the gate before it. Of that client
// nobody is known here, and nothing may follow from it: where a rule is false, a
// `not` around it lets everybody through. So it is an error, whatever it asks.
func TestMatcherOfAnotherClient(t *testing.T) {
	const (
		clients = "proconnect {\n environment sandbox\n }\n proconnect other {\n environment sandbox\n client_id other\n }"
		site    = `
http://NAME.localhost:{$PORT} {
	proconnect {
		allow any
	}
	@x MATCHER
	respond @x "matched"
	respond "not matched"
}`
		asked = "proconnect {\n client CLIENT\n roles ROLE\n }"
	)
	tests := []struct {
		name, matcher, client, role string
		want                        string // nothing: an error
	}{
		{"holds", asked, "other", "agent_public", ""},
		{"fails", asked, "other", "agent_public_territorial", ""},
		{"not-holds", "not {\n " + asked + "\n }", "other", "agent_public", ""},
		{"not-fails", "not {\n " + asked + "\n }", "other", "agent_public_territorial", ""},
		{"not-not", "not {\n not {\n " + asked + "\n }\n }", "other", "agent_public", ""},
		{"same", asked, "default", "agent_public", "matched"},
		{"same-not", "not {\n " + asked + "\n }", "default", "agent_public", "not matched"},
	}
	var sites strings.Builder
	for _, tt := range tests {
		text := strings.Replace(site, "MATCHER", tt.matcher, 1)
		sites.WriteString(strings.NewReplacer("NAME", tt.name, "CLIENT", tt.client, "ROLE", tt.role).Replace(text))
	}
	s := caddytest.Start(t, clients, sites.String())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := s.Browser("http://" + tt.name + ".localhost:{$PORT}")
			b.T = t
			a := b.Login("/", url.Values{"person": {"ministry"}})
			status := http.StatusOK
			if tt.want == "" {
				status = http.StatusInternalServerError
			}
			if a.StatusCode != status || a.Text != tt.want {
				t.Errorf("got %d: %s", a.StatusCode, a.Text)
			}
		})
	}
	if log := s.Logs(); !strings.Contains(log, `"client":"other","gate":"default"`) {
		t.Error("the log does not name both clients")
	}
}

// issuers are ProConnect's, by the names of environments.
var issuers = map[string]string{
	"production":      "https://auth.agentconnect.gouv.fr/api/v2",
	"integration":     "https://fca.integ01.dev-agentconnect.fr/api/v2",
	"production-rie":  "https://auth.agentconnect.rie.gouv.fr/api/v2",
	"integration-rie": "https://fca.integ02.agentconnect.rie.gouv.fr/api/v2",
	"sandbox":         "https://sandbox.invalid",
}

// In integration anybody can be anybody: they log in there as whom they like, keep
// the cookie, and wait for the site to go into production with the same secret
// and client_id. The session is bound to the issuer that vouched for it: each
// environment opens its own, and no other's. (To open one takes no network.)
func TestCookieOfAnotherEnvironment(t *testing.T) {
	configured := func(environment string) string {
		return "proconnect {\n environment " + environment + "\n client_id client\n client_secret " + caddytest.ClientSecret + "\n session {\n secret " + caddytest.SessionSecret + "\n }\n }"
	}
	s := caddytest.Start(t, configured("sandbox"), logoutSite)
	b := s.Browser("http://localhost:{$PORT}")
	if a := b.Login("/", url.Values{"person": {"ministry"}}); a.StatusCode != http.StatusOK {
		t.Fatalf("got %d, page %q", a.StatusCode, a.Page())
	}
	plain, err := environmentBox(t, "sandbox").Open(t.Context(), b.Cookie("proconnect"), b.Home().Host)
	if err != nil {
		t.Fatal(err)
	}
	for _, running := range []string{"integration", "production", "integration-rie", "production-rie", "sandbox"} {
		s.Reload(b, configured(running), logoutSite)
		for made := range issuers {
			t.Run("made in "+made+", used in "+running, func(t *testing.T) {
				sealed, err := environmentBox(t, made).Seal(t.Context(), []byte(plain), b.Home().Host)
				if err != nil {
					t.Fatal(err)
				}
				want := http.StatusUnauthorized
				if made == running {
					want = http.StatusOK
				}
				if got := worth(s, b, b.Named("proconnect")+"="+sealed); got != want {
					t.Errorf("it is worth %d, want %d", got, want)
				}
			})
		}
	}
}

// environmentBox seals the sessions of an environment.
func environmentBox(t *testing.T, environment string) *seal.Box {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(caddytest.SessionSecret)
	if err != nil {
		t.Fatal(err)
	}
	return seal.NewKeyring(key).Box("session", issuers[environment], "client")
}
