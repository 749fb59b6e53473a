package sandbox

import (
	"slices"
	"strings"
)

// scopeClaims says which claims each scope grants, in ProConnect's order.
var scopeClaims = []struct {
	scope  string
	claims []string
}{
	{"openid", []string{"sub"}},
	{"given_name", []string{"given_name"}},
	{"usual_name", []string{"usual_name"}},
	{"email", []string{"email"}},
	{"uid", []string{"uid"}},
	{"siret", []string{"siret"}},
	{"siren", []string{"siren"}},
	{"phone", []string{"phone_number"}},
	{"organizational_unit", []string{"organizational_unit"}},
	{"belonging_population", []string{"belonging_population"}},
	{"chorusdt", []string{"chorusdt:matricule", "chorusdt:societe"}},
	{"idp_id", []string{"idp_id"}},
	{"idp_acr", []string{"idp_acr"}},
	{"organization_label", []string{"organization_label"}},
	{"roles", []string{"roles"}},
	{"custom", []string{"custom"}},
}

func supportedScopes() []string {
	var scopes []string
	for _, s := range scopeClaims {
		scopes = append(scopes, s.scope)
	}
	return scopes
}

func supportedClaims() []string {
	claims := []string{"acr", "amr", "auth_time"}
	for _, s := range scopeClaims {
		claims = append(claims, s.claims...)
	}
	return claims
}

// grantedScopes keeps the known ones of a scope parameter: ProConnect ignores
// the others silently.
func grantedScopes(scope string) []string {
	known := supportedScopes()
	return slices.DeleteFunc(strings.Fields(scope), func(s string) bool { return !slices.Contains(known, s) })
}

// userinfoClaims are what the granted scopes tell of a person. What the identity
// provider did not send is left out, but for roles and custom: ProConnect makes
// those itself, an empty list and an empty object if need be.
func userinfoClaims(s session, scopes []string) map[string]any {
	claims := make(map[string]any)
	for _, sc := range scopeClaims {
		if !slices.Contains(scopes, sc.scope) {
			continue
		}
		for _, name := range sc.claims {
			if v := claimValue(s, name); v != nil {
				claims[name] = v
			}
		}
	}
	return claims
}

func claimValue(s session, name string) any {
	switch name {
	case "sub":
		return s.sub
	case "roles":
		return s.roles
	case "custom":
		return s.custom
	case "idp_acr":
		return s.idpACR
	case "belonging_population":
		if len(s.population) > 1 {
			return s.population
		}
		if len(s.population) == 1 {
			return s.population[0]
		}
		return nil
	}
	if v := s.text[name]; v != "" {
		return v
	}
	return nil
}
