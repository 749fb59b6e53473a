// Package claims knows what ProConnect says of people: the claims by its names, how
// their values are read and made harmless, what has to be asked to get them, and the
// compact form in which they travel in a session cookie.
package claims

import (
	"slices"
	"strings"
	"unicode"
)

// MaxValueChars bounds one value of one claim. A longer one is dropped whole:
// a cut value could match a rule that the real one does not.
const MaxValueChars = 256

// maxValues bounds the elements kept of a list claim.
const maxValues = 64

// Kind says how the values of a claim are read and compared.
type Kind uint8

const (
	KindText   Kind = iota // words for people: stripped of what could be executed or injected
	KindID                 // an identifier: one that would need stripping is unreadable
	KindEmail              // an identifier with exactly one @
	KindDigits             // a SIRET or a SIREN: spaces are ignored
)

// Spec is what there is to know of one claim.
type Spec struct {
	Name  string
	scope string // the scope that asks for it; empty: the claims parameter or derived
	kind  Kind
	Field bool // may be the field of a rule
	list  bool // a list, also where it holds one value
	optIn bool // kept only where a rule or `claims` names it, whatever the scopes bring
}

// Table are the claims by ProConnect's names. The order is the wire format
// of the session cookie: append, never reorder.
var Table = [...]Spec{
	{Name: "sub", scope: "openid", kind: KindID, Field: true},
	{Name: "given_name", scope: "given_name"},
	{Name: "usual_name", scope: "usual_name"},
	{Name: "email", scope: "email", kind: KindEmail, Field: true},
	{Name: "uid", scope: "uid", kind: KindID, Field: true},
	{Name: "siret", scope: "siret", kind: KindDigits, Field: true},
	{Name: "siren", scope: "siret", kind: KindDigits, Field: true}, // derived from siret, never read
	{Name: "idp_id", scope: "idp_id", kind: KindID, Field: true},
	{Name: "roles", scope: "roles", kind: KindID, Field: true, list: true},
	{Name: "organization_label", scope: "organization_label", Field: true},
	{Name: "belonging_population", scope: "belonging_population", Field: true},
	{Name: "organizational_unit", scope: "organizational_unit", Field: true},
	{Name: "acr", kind: KindID, Field: true, list: true},
	{Name: "amr", kind: KindID, Field: true, list: true},
	{Name: "phone_number", scope: "phone", optIn: true},
	{Name: "chorusdt:matricule", scope: "chorusdt", kind: KindID, optIn: true},
	{Name: "chorusdt:societe", scope: "chorusdt", kind: KindID, optIn: true},
	{Name: "idp_acr", scope: "idp_acr", kind: KindID, optIn: true},
}

// Indexes into Table of the claims that the code speaks of by itself.
const (
	Sub = iota
	GivenName
	UsualName
	Email
	UID
	SIRET
	SIREN
	IDPID
	Roles
	OrganizationLabel
	BelongingPopulation
	OrganizationalUnit
	ACR
	AMR
)

// CustomPrefix opens the claims under "custom", whatever else the identity
// provider sent: custom.<path>.
const CustomPrefix = "custom."

// Ref is a claim's name, resolved when the configuration loads.
type Ref struct {
	Index int    // into Table; -1 for a custom claim
	Name  string // as written, custom. included
}

// Lookup resolves the name of a claim.
func Lookup(name string) (Ref, bool) {
	for i := range Table {
		if Table[i].Name == name {
			return Ref{i, name}, true
		}
	}
	if path, ok := strings.CutPrefix(name, CustomPrefix); ok && validCustomPath(path) {
		return Ref{-1, name}, true
	}
	return Ref{}, false
}

// RefOf returns the name of a claim of the table, by its place there.
func RefOf(index int) Ref { return Ref{index, Table[index].Name} }

// validCustomPath says whether path names something under custom: words
// between dots, none of them empty.
func validCustomPath(path string) bool {
	return path != "" && len(path) <= 128 && !slices.Contains(strings.Split(path, "."), "") &&
		!strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r == '{' || r == '}' || !unicode.IsPrint(r) })
}

// Kind says how the values of the claim are read and compared.
func (c Ref) Kind() Kind {
	if c.Index < 0 {
		return KindText
	}
	return Table[c.Index].kind
}

// IsList says whether the claim is a list, also where it holds one value.
func (c Ref) IsList() bool { return c.Index >= 0 && Table[c.Index].list }

// Scope is what must be asked of ProConnect to get the claim; empty for acr and
// amr, which are asked for through the claims parameter.
func (c Ref) Scope() string {
	if c.Index < 0 {
		return "custom"
	}
	return Table[c.Index].scope
}
