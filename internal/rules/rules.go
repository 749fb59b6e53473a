// Package rules decides who may enter: rules as an operator writes them, what is wrong
// with them, and the decision on a person with the grounds for it. It knows claims and
// lists, and nothing of requests.
package rules

import (
	"slices"
	"strings"
	"unicode"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/siret"
)

// Rule says who may enter, or who may not, from what ProConnect says of a person.
// A person enters if some allow rule holds and no deny rule does.
type Rule struct {
	// What the rule does if it holds: `allow` or `deny`. Required in a gate; a
	// matcher's conditions have none.
	Effect string `json:"effect,omitempty"`

	// If true, the rule holds for every professional. Only an `allow` can have it,
	// without conditions, and it must be the only `allow`; a `deny` may be beside
	// it. Default: false.
	Any bool `json:"any,omitempty"`

	// The conditions, all of which must hold. A condition on a claim that
	// ProConnect did not give is unknown, neither true nor false: an `allow` then
	// does not hold, a `deny` does. At least one is required unless `any` is true.
	Conditions []Condition `json:"conditions,omitempty"`
}

// Condition compares one claim with values. If the claim is a list, the condition is
// true if it is true for any element.
type Condition struct {
	// The claim to compare: `siret`, `siren` (the first nine digits of siret),
	// `roles`, `belonging_population`, `organizational_unit`,
	// `organization_label`, `email`, `idp_id`, `uid`, `sub`, `acr`, `amr` or
	// `custom.<path>`. Another one is an error.
	Field string `json:"field"`

	// If true, negates the condition: no element of the claim may match. The
	// claim must still be there. Default: false.
	Not bool `json:"not,omitempty"`

	// If true, the condition is true if the claim was requested and ProConnect did
	// not give it. It excludes values and files. Default: false.
	Absent bool `json:"absent,omitempty"`

	// The values, of which the claim must match one. In text, `*` matches any
	// characters and ASCII letters match in either case. An email pattern has one
	// `@`, and a `*` in its domain is followed by a dot. Spaces in a `siret` or
	// `siren` are ignored; a wrong checksum is an error.
	Values []string `json:"values,omitempty"`

	// Files with values, instead of `values`: absolute paths of UTF-8 text with
	// one value a line and `#` comments, or of a CSV. They are read again when
	// they change. A file that is missing or empty when the configuration loads is
	// an error; a line with a fault is left out and logged.
	From []string `json:"from,omitempty"`
}

// Effects of a rule.
const (
	EffectAllow = "allow"
	EffectDeny  = "deny"
)

// Words of the rules' grammar that are not fields.
const (
	WordAny    = "any"
	WordNot    = "not"
	WordMFA    = "mfa"
	WordFrom   = "from"
	WordAbsent = "absent"
	WordClient = "client" // in the matcher's block
)

// Reserved says whether a word, without quotes, is one of the
// grammar's or one that people take for it.
func Reserved(word string) bool {
	switch strings.ToLower(word) {
	case WordAny, WordNot, WordMFA, WordFrom, WordAbsent, EffectAllow, EffectDeny, "and", "or", "et", "ou", "=", "==", "!=", "&&", "||":
		return true
	}
	_, err := LookupField(word)
	return err == nil
}

// MFA are the levels that two factors reach. The levels are only partly
// ordered and ProConnect compares them exactly, so "at least" is a list.
var MFA = []string{"eidas0-mfa", "eidas1-mfa", "eidas2", "eidas3"}

// KnownACR are the levels that ProConnect can interpret; it loops on others.
var KnownACR = claims.Levels

// String returns the rule as one would write it in a Caddyfile, on one line.
func (r Rule) String() string {
	lines := r.Lines()
	if len(lines) == 1 && (r.Any || !r.Conditions[0].Not) {
		return strings.TrimPrefix(r.Effect+" "+lines[0], " ")
	}
	return strings.TrimPrefix(r.Effect+" { "+strings.Join(lines, "; ")+" }", " ")
}

// Lines returns the rule's block, line by line.
func (r Rule) Lines() []string {
	if r.Any {
		return []string{WordAny}
	}
	lines := make([]string, len(r.Conditions))
	for i, c := range r.Conditions {
		lines[i] = c.String()
	}
	return lines
}

// String returns the condition as one would write it in a Caddyfile.
func (c Condition) String() string {
	var words []string
	if c.Not {
		words = append(words, WordNot)
	}
	if c.isMFA() {
		return strings.Join(append(words, WordMFA), " ")
	}
	words = append(words, quoteWord(c.Field))
	switch {
	case c.Absent:
		words = append(words, WordAbsent)
	case len(c.From) > 0:
		words = append(words, WordFrom)
		for _, path := range c.From {
			words = append(words, quoteWord(path))
		}
	}
	for i, v := range c.Values {
		if c.digits() {
			v = siret.Strip(v)
		}
		word := quoteWord(strings.TrimSpace(v))
		if Reserved(word) && (word != WordFrom || i == 0) {
			word = `"` + word + `"`
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func (c Condition) digits() bool { return c.Field == "siret" || c.Field == "siren" }

// isMFA says whether the condition is what `mfa` stands for.
func (c Condition) isMFA() bool {
	return c.Field == "acr" && !c.Absent && len(c.From) == 0 && len(c.Values) == len(MFA) &&
		!slices.ContainsFunc(MFA, func(v string) bool { return !slices.Contains(c.Values, v) })
}

// quoteWord quotes a word where the Caddyfile's lexer would read it otherwise.
// Between back quotes it takes everything as it is; between double quotes \"
// is a quote and any other backslash is itself.
func quoteWord(s string) string {
	if s != "" && !strings.ContainsAny(s, "\"`\\;{}#<") && !strings.ContainsFunc(s, unicode.IsSpace) {
		return s
	}
	if strings.ContainsAny(s, "\"\\") && !strings.Contains(s, "`") {
		return "`" + s + "`"
	}
	return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"`
}
