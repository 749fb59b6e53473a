package proconnect

import (
	"slices"
	"strings"
)

// defaultScopes are asked of everybody unless the operator says otherwise.
var defaultScopes = []string{
	"openid", "given_name", "usual_name", "email", "uid", "siret", "idp_id", "roles", "organization_label",
}

// knownScopes are those that ProConnect grants.
var knownScopes = append(slices.Clone(defaultScopes),
	"belonging_population", "organizational_unit", "phone", "chorusdt", "idp_acr", "custom", "siren")

// claimsRequest is what is asked of ProConnect, and what is kept of the answer.
type claimsRequest struct {
	scopes []string
	claims []claimRef
}

// granted returns the claims that a login with these scopes has asked for. One
// that a configuration loaded since wants was not, and must not pass for absent:
// `absent` would hold of somebody who has it.
func (r *claimsRequest) granted(scopes []string) []claimRef {
	return slices.DeleteFunc(slices.Clone(r.claims), func(c claimRef) bool {
		return c.scope() != "" && !slices.Contains(scopes, c.scope())
	})
}

func newClaimsRequest(wanted []string, needed []claimRef) *claimsRequest {
	scopes := slices.Clone(defaultScopes)
	if len(wanted) > 0 && !strings.HasPrefix(wanted[0], "+") {
		scopes = []string{"openid"} // OpenID Connect Core §3.1.2.1
	}
	add := func(scope string) {
		if scope != "" && !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	for _, s := range wanted {
		add(strings.TrimPrefix(s, "+"))
	}
	for _, ref := range needed {
		add(ref.scope())
	}
	r := &claimsRequest{scopes: scopes}
	for i := range claimSpecs {
		ref := claimRef{i, claimSpecs[i].name}
		// Nothing is kept that nothing reads: a telephone number stays out of
		// cookies unless `claims` names it, whatever the scopes bring.
		kept := !claimSpecs[i].optIn && (ref.scope() == "" || slices.Contains(scopes, ref.scope()))
		if kept || slices.Contains(needed, ref) {
			r.claims = append(r.claims, ref)
		}
	}
	for _, ref := range needed {
		if ref.index < 0 {
			r.claims = append(r.claims, ref)
		}
	}
	sortAsked(r.claims)
	return r
}

// scopeOf is the scope of a claim that is taken for one.
func scopeOf(name string) string {
	if ref, ok := lookupClaim(name); ok && ref.scope() != "" {
		return ref.scope()
	}
	return name
}

// claimNames are the claims by ProConnect's names.
func claimNames() []string {
	names := make([]string, len(claimSpecs))
	for i := range claimSpecs {
		names[i] = claimSpecs[i].name
	}
	return names
}
