package claims

import (
	"slices"
	"strings"
)

// defaultScopes are asked of everybody unless the operator says otherwise.
var defaultScopes = []string{
	"openid", "given_name", "usual_name", "email", "uid", "siret", "idp_id", "roles", "organization_label",
}

// Levels are the acr values that ProConnect can interpret; it loops on others. Their
// places are the format of a login's envelope: append, never reorder.
var Levels = []string{
	"eidas0", "eidas0-mfa", "eidas1", "eidas1-mfa", "eidas2", "eidas3",
	"https://proconnect.gouv.fr/assurance/certification-dirigeant",
}

// Scopes are those that ProConnect grants. Their places are the format of a login's
// envelope, those of the default's too: append, never reorder.
var Scopes = append(slices.Clone(defaultScopes),
	"belonging_population", "organizational_unit", "phone", "chorusdt", "idp_acr", "custom", "siren")

// Request is what is asked of ProConnect, and what is kept of the answer.
type Request struct {
	Scopes []string
	Claims []Ref
}

// Granted returns the claims that a login with these scopes has asked for. One
// that a configuration loaded since wants was not, and must not pass for absent:
// `absent` would hold of somebody who has it.
func (r *Request) Granted(scopes []string) []Ref {
	return slices.DeleteFunc(slices.Clone(r.Claims), func(c Ref) bool {
		return c.Scope() != "" && !slices.Contains(scopes, c.Scope())
	})
}

// NewRequest unites what the operator wants, scopes or scopes to add, and the claims
// that something reads.
func NewRequest(wanted []string, needed []Ref) *Request {
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
		add(ref.Scope())
	}
	r := &Request{Scopes: scopes}
	for i := range Table {
		ref := RefOf(i)
		// Nothing is kept that nothing reads: a telephone number stays out of
		// cookies unless `claims` names it, whatever the scopes bring.
		kept := !Table[i].optIn && (ref.Scope() == "" || slices.Contains(scopes, ref.Scope()))
		if kept || slices.Contains(needed, ref) {
			r.Claims = append(r.Claims, ref)
		}
	}
	for _, ref := range needed {
		if ref.Index < 0 {
			r.Claims = append(r.Claims, ref)
		}
	}
	Sort(r.Claims)
	return r
}

// ScopeOf is the scope of a claim that is taken for one.
func ScopeOf(name string) string {
	if ref, ok := Lookup(name); ok && ref.Scope() != "" {
		return ref.Scope()
	}
	return name
}

// Names are the claims by ProConnect's names.
func Names() []string {
	names := make([]string, len(Table))
	for i := range Table {
		names[i] = Table[i].Name
	}
	return names
}
