package proconnect_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

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
func TestAttackCookieOfAnotherEnvironment(t *testing.T) {
	configured := func(environment string) string {
		return "proconnect {\n environment " + environment + "\n client_id client\n client_secret " + caddytest.ClientSecret + "\n session {\n secret " + caddytest.SessionSecret + "\n }\n }"
	}
	s := caddytest.Start(t, configured("sandbox"), logoutSite)
	b := s.Browser("http://localhost:{$PORT}")
	if a := b.Login("/", url.Values{"person": {"ministry"}}); a.StatusCode != http.StatusOK {
		t.Fatalf("got %d, page %q", a.StatusCode, a.Page())
	}
	plain, err := environmentBox(t, "sandbox").Open(t.Context(), b.Cookie("proconnect"), "localhost")
	if err != nil {
		t.Fatal(err)
	}
	for _, running := range []string{"integration", "production", "integration-rie", "production-rie", "sandbox"} {
		s.Reload(b, configured(running), logoutSite)
		for made := range issuers {
			t.Run("made in "+made+", used in "+running, func(t *testing.T) {
				sealed, err := environmentBox(t, made).Seal(t.Context(), []byte(plain), "localhost")
				if err != nil {
					t.Fatal(err)
				}
				want := http.StatusUnauthorized
				if made == running {
					want = http.StatusOK
				}
				if got := worth(s, b, "proconnect="+sealed); got != want {
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
