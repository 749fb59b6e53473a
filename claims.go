package proconnect

import (
	"slices"
	"strings"
	"unicode"
)

// maxValueChars bounds one value of one claim. A longer one is dropped whole:
// a cut value could match a rule that the real one does not.
const maxValueChars = 256

// maxValues bounds the elements kept of a list claim.
const maxValues = 64

// claimKind says how the values of a claim are read and compared.
type claimKind uint8

const (
	textClaim   claimKind = iota // words for people: stripped of what could be executed or injected
	idClaim                      // an identifier: one that would need stripping is unreadable
	emailClaim                   // an identifier with exactly one @
	digitsClaim                  // a SIRET or a SIREN: spaces are ignored
)

// claimSpec is what there is to know of one claim.
type claimSpec struct {
	name  string
	scope string // the scope that asks for it; empty: the claims parameter or derived
	kind  claimKind
	field bool // may stand in a rule
	list  bool // a list, also where it holds one value
	optIn bool // kept only where a rule or `claims` names it, whatever the scopes bring
}

// claimSpecs are the claims by ProConnect's names. The order is the wire format
// of the session cookie: append, never reorder.
var claimSpecs = [...]claimSpec{
	{name: "sub", scope: "openid", kind: idClaim, field: true},
	{name: "given_name", scope: "given_name"},
	{name: "usual_name", scope: "usual_name"},
	{name: "email", scope: "email", kind: emailClaim, field: true},
	{name: "uid", scope: "uid", kind: idClaim, field: true},
	{name: "siret", scope: "siret", kind: digitsClaim, field: true},
	{name: "siren", scope: "siret", kind: digitsClaim, field: true}, // derived from siret, never read
	{name: "idp_id", scope: "idp_id", kind: idClaim, field: true},
	{name: "roles", scope: "roles", kind: idClaim, field: true, list: true},
	{name: "organization_label", scope: "organization_label", field: true},
	{name: "belonging_population", scope: "belonging_population", field: true},
	{name: "organizational_unit", scope: "organizational_unit", field: true},
	{name: "acr", kind: idClaim, field: true, list: true},
	{name: "amr", kind: idClaim, field: true, list: true},
	{name: "phone_number", scope: "phone", optIn: true},
	{name: "chorusdt:matricule", scope: "chorusdt", kind: idClaim, optIn: true},
	{name: "chorusdt:societe", scope: "chorusdt", kind: idClaim, optIn: true},
	{name: "idp_acr", scope: "idp_acr", kind: idClaim, optIn: true},
}

// Indexes into claimSpecs of the claims that the code speaks of by itself.
const (
	claimSub = iota
	claimGivenName
	claimUsualName
	claimEmail
	claimUID
	claimSiret
	claimSiren
	claimIDPID
	claimRoles
	claimOrganizationLabel
	claimBelongingPopulation
	claimOrganizationalUnit
	claimACR
	claimAMR
)

// customPrefix opens the claims below "custom", whatever else the identity
// provider sent: custom.<path>.
const customPrefix = "custom."

// claimRef is a claim's name, resolved when the configuration loads.
type claimRef struct {
	index int    // into claimSpecs; -1 for a custom claim
	name  string // as written, custom. included
}

// lookupClaim resolves the name of a claim.
func lookupClaim(name string) (claimRef, bool) {
	for i := range claimSpecs {
		if claimSpecs[i].name == name {
			return claimRef{i, name}, true
		}
	}
	if path, ok := strings.CutPrefix(name, customPrefix); ok && validCustomPath(path) {
		return claimRef{-1, name}, true
	}
	return claimRef{}, false
}

// validCustomPath says whether path names something below custom: words
// between dots, none of them empty.
func validCustomPath(path string) bool {
	return path != "" && len(path) <= 128 && !slices.Contains(strings.Split(path, "."), "") &&
		!strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r == '{' || r == '}' || !unicode.IsPrint(r) })
}

func (c claimRef) kind() claimKind {
	if c.index < 0 {
		return textClaim
	}
	return claimSpecs[c.index].kind
}

// list says whether the claim is a list, also where it holds one value.
func (c claimRef) list() bool { return c.index >= 0 && claimSpecs[c.index].list }

// scope is what must be asked of ProConnect to get the claim; empty for acr and
// amr, which are asked for through the claims parameter.
func (c claimRef) scope() string {
	if c.index < 0 {
		return "custom"
	}
	return claimSpecs[c.index].scope
}
