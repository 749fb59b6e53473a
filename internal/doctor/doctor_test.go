package doctor

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
)

// What hangs costs no more than the budget, however many addresses there are: whoever
// waits for the doctor has a site that is down.
func TestExamineEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Case{Issuer: "https://proconnect.example", SigningAlg: rp.RS256, UserinfoAlg: rp.RS256, Scopes: []string{"openid"}}
		for i := range 500 {
			c.RedirectURIs = append(c.RedirectURIs, fmt.Sprintf("https://site%d.example/cb", i))
			c.PostLogoutRedirectURIs = append(c.PostLogoutRedirectURIs, fmt.Sprintf("https://site%d.example/bye", i))
		}
		c.Provider = rp.New(rp.Config{
			Issuer: c.Issuer, ClientID: "id", ClientSecret: "secret", SigningAlg: rp.RS256, UserinfoSigningAlg: rp.RS256, Transport: hanging{},
		})
		began := time.Now()
		checks := Examine(t.Context(), c)
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("it took %v", took)
		}
		if !slices.ContainsFunc(checks, func(k Check) bool { return k.Name == Redirect && k.Status != OK }) {
			t.Errorf("%d checks, and no address is in doubt", len(checks))
		}
	})
}

// hanging answers discovery and the keys, and nothing else ever.
type hanging struct{}

func (hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		fmt.Fprint(w, `{"issuer":"https://proconnect.example","authorization_endpoint":"https://proconnect.example/a","token_endpoint":"https://proconnect.example/t",
			"userinfo_endpoint":"https://proconnect.example/u","jwks_uri":"https://proconnect.example/j","end_session_endpoint":"https://proconnect.example/e",
			"id_token_signing_alg_values_supported":["RS256"]}`)
	case "/j":
		fmt.Fprint(w, `{"keys":[]}`)
	default:
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return w.Result(), nil
}
