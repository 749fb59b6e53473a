package proconnect

import "testing"

// An issuer on a host of ProConnect's is spelled in one way only: with another
// one, discovery would refuse every login.
func TestIssuer(t *testing.T) {
	for in, good := range map[string]bool{
		"https://auth.agentconnect.gouv.fr/api/v2":     true,
		"https://auth.agentconnect.gouv.fr":            false,
		"https://auth.agentconnect.gouv.fr/api/v2/":    false,
		"https://AUTH.agentconnect.gouv.fr/api/v2":     false,
		"https://auth.agentconnect.gouv.fr:443/api/v2": false,
		"https://idp.example.fr/oidc":                  true,
		"http://localhost:3000":                        true,
		"http://idp.example.fr":                        false,
		"https://:443/api/v2":                          false,
		"https://user@idp.example.fr":                  false,
		"https://idp.example.fr?x":                     false,
	} {
		if err := checkIssuer(in); (err == nil) != good {
			t.Errorf("%q: %v", in, err)
		}
	}
}
