package proconnect

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/caddy-proconnect/caddy-proconnect/internal/siret"
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
	{name: "roles", scope: "roles", kind: idClaim, field: true},
	{name: "organization_label", scope: "organization_label", field: true},
	{name: "belonging_population", scope: "belonging_population", field: true},
	{name: "organizational_unit", scope: "organizational_unit", field: true},
	{name: "acr", kind: idClaim, field: true},
	{name: "amr", kind: idClaim, field: true},
	{name: "phone_number", scope: "phone"},
	{name: "chorusdt:matricule", scope: "chorusdt", kind: idClaim},
	{name: "chorusdt:societe", scope: "chorusdt", kind: idClaim},
	{name: "idp_acr", scope: "idp_acr", kind: idClaim},
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

// scope is what must be asked of ProConnect to get the claim; empty for acr and
// amr, which are asked for through the claims parameter.
func (c claimRef) scope() string {
	if c.index < 0 {
		return "custom"
	}
	return claimSpecs[c.index].scope
}

// readable turns one value that came from outside into the one that is kept; ok
// is false for a value that is empty or cannot be trusted to mean what it says.
//
// Text is handed on to templates, headers and logs, which execute or interpret
// some of it: ProConnect passes {{env "SECRET"}} and <img onerror=…> on verbatim.
func readable(kind claimKind, s string) (value string, ok bool) {
	if !utf8.ValidString(s) || len(s) > 4*maxValueChars*4 {
		return "", false
	}
	s = strings.TrimSpace(norm.NFC.String(s))
	stripped := strings.TrimSpace(norm.NFC.String(strings.Map(harmless, s)))
	switch kind {
	case textClaim:
		s = stripped
	case digitsClaim:
		s = siret.Strip(s)
		if !siret.IsSIRET(s) && !siret.IsSIREN(s) {
			return "", false
		}
	case emailClaim:
		if s != stripped || !validEmail(s) {
			return "", false
		}
	case idClaim:
		if s != stripped {
			return "", false
		}
	}
	return s, s != "" && utf8.RuneCountInString(s) <= maxValueChars
}

// harmless drops the characters that a placeholder's reader could act on:
// control and formatting ones (a right-to-left override among them), and the
// brackets of templates, placeholders and HTML.
func harmless(r rune) rune {
	switch {
	case r == '{' || r == '}' || r == '<' || r == '>':
		return -1
	case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp):
		return -1
	}
	return r
}

// validEmail says whether s has the one shape that rules compare: a local part,
// one @, and a domain of ASCII letters, digits, dots and hyphens. Quoted local
// parts, a second @, a trailing dot and look-alike letters are what bypassed
// the domain checks of others.
func validEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || domain == "" || strings.Contains(domain, "@") {
		return false
	}
	if strings.ContainsAny(local, "\"\\(),:; ") {
		return false
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || strings.ContainsFunc(label, func(r rune) bool {
			return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		}) {
			return false
		}
	}
	return true
}

// claimValues reads a claim's raw JSON value: a string, a number, a boolean, or a
// list of those. A list with an element that cannot be read is unreadable as a
// whole: without it, `not roles prestataire` would hold of somebody who has it.
func claimValues(kind claimKind, raw any) []string {
	list, ok := raw.([]any)
	if !ok {
		list = []any{raw}
	}
	if len(list) > maxValues {
		return nil
	}
	values := make([]string, 0, len(list))
	for _, element := range list {
		text, ok := scalarText(element)
		if !ok {
			return nil
		}
		if strings.TrimSpace(text) == "" {
			continue // an empty string says nothing
		}
		value, ok := readable(kind, text)
		if !ok {
			return nil
		}
		values = append(values, value)
	}
	return values
}

// toldValues is claimValues, but for what is there and cannot be read: an empty
// value, which no condition takes for one, and which is not absent.
func toldValues(kind claimKind, raw any) []string {
	values := claimValues(kind, raw)
	if values == nil && raw != nil {
		return []string{""}
	}
	return values
}

func scalarText(raw any) (text string, ok bool) {
	switch v := raw.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// customValue finds a dotted path below the custom claim.
func customValue(custom any, path string) any {
	for word := range strings.SplitSeq(path, ".") {
		m, ok := custom.(map[string]any)
		if !ok {
			return nil
		}
		custom = m[word]
	}
	return custom
}
