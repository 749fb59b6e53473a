package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
)

// warnings are what an operator should know of a rule, and may want all the same.
func warnings(position int, r Rule, c Compiled) []string {
	w := warned{at: fmt.Sprintf("rule %d (%s): ", position, c.Fields())}
	for _, cond := range r.Conditions {
		w.values(cond, c.deny != cond.Not)
	}
	if !c.deny {
		w.allow(r, c)
	}
	return w.lines
}

// warned gathers the warnings of one rule.
type warned struct {
	at    string
	lines []string
}

func (w *warned) add(format string, args ...any) {
	w.lines = append(w.lines, w.at+fmt.Sprintf(format, args...))
}

// allow warns of an allow rule that admits more people than it looks, or nobody.
func (w *warned) allow(r Rule, c Compiled) {
	has := func(fields ...string) bool {
		return slices.ContainsFunc(r.Conditions, func(c Condition) bool {
			return !c.Absent && !c.Not && slices.Contains(fields, c.Field)
		})
	}
	if !has("idp_id", "siret", "siren") {
		for _, field := range []string{"email", "sub", "uid"} {
			if has(field) {
				w.add("%s: add a line with idp_id, siret or siren", anyProviderSays[field])
			}
		}
	}
	if slices.ContainsFunc(c.Conditions, func(c Criterion) bool { return c.StepUp }) && len(c.Levels()) == 0 {
		w.add("no login has all these levels at once: put them on one line to accept any of them")
	}
	for i, a := range r.Conditions {
		for _, b := range r.Conditions[:i] {
			if excludeEachOther(a, b) {
				w.add("nobody has both: put the values of %s on one line to accept any of them", a.Field)
			}
		}
	}
}

// anyProviderSays are claims that any identity provider which is connected to ProConnect
// may bring about: alone they trust all of them.
var anyProviderSays = map[string]string{
	"email": "an email proves only that some identity provider said so",
	"sub":   "ProConnect gives one sub to accounts of several identity providers, those that have the same email",
	"uid":   "each identity provider chooses its uids, and two may choose the same",
}

// single are the claims of which a person has one value.
var single = []string{"siret", "siren", "idp_id", "email", "uid", "sub"}

// excludeEachOther says whether no person satisfies both conditions.
func excludeEachOther(a, b Condition) bool {
	if a.Field != b.Field || !slices.Contains(single, a.Field) {
		return false
	}
	field, _ := claims.Lookup(a.Field)
	var values []string
	for _, c := range []Condition{a, b} {
		if c.Not || c.Absent || len(c.From) > 0 {
			return false
		}
		for _, v := range c.Values {
			normal, err := checkValue(field, v)
			if err != nil || strings.Contains(normal, "*") || slices.Contains(values, normal) {
				return false
			}
			values = append(values, normal)
		}
	}
	return true
}

// knownRoles are those that ProConnect gives.
var knownRoles = []string{"agent_public", "agent_public_etat", "agent_public_territorial"}

// reservedRoles have names at ProConnect, and nobody has them.
var reservedRoles = []string{"agent_public_hospitalier", "dirigeant"}

// knownPopulations are those that ProConnect's documentation names. The claim is
// free text: others may be meant.
var knownPopulations = []string{"agent", "prestataire", "partenaire", "stagiaire", "fonctionnaire", "contractuel"}

var UUID = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// regularExpression knows what people write who take a * for that of a regular
// expression.
var regularExpression = regexp.MustCompile(`^\^|\$$|\.[*+]|\\.|\[[^\]]*\]|\(\?|\([^)]*\|`)

// fileName knows what looks like a list's.
var fileName = regexp.MustCompile(`(?i)\.(?:txt|csv|tsv|lst|list|xlsx?|ods)$`)

// values warns of a mistyped value: where it should keep people out, it would let
// them in.
func (w *warned) values(c Condition, keepsOut bool) {
	for i, v := range c.Values {
		v = strings.TrimSpace(v)
		switch {
		case regularExpression.MatchString(v):
			w.add("value %d of %s looks like a regular expression, and is none: * matches any run of characters, and everything else for itself", i+1, c.Field)
		case fileName.MatchString(v):
			w.add("value %d of %s looks like the name of a file: say %s from and its whole path", i+1, c.Field, c.Field)
		case !strings.Contains(v, "*"):
			w.value(c.Field, v, keepsOut)
		}
	}
}

// value warns of one value that is no pattern.
func (w *warned) value(field, v string, keepsOut bool) {
	lower := strings.ToLower(v)
	switch {
	case field == "roles" && slices.Contains(reservedRoles, lower):
		w.add("ProConnect reserves the role %s and gives it to nobody: want one of %s", v, strings.Join(knownRoles, ", "))
	case field == "roles" && !slices.Contains(knownRoles, lower):
		w.add("ProConnect gives nobody the role %s: want one of %s", v, strings.Join(knownRoles, ", "))
	case field == "idp_id" && !UUID.MatchString(v):
		w.add("the idp_id %s is none of ProConnect's, which are such as 71144ab3-ee1a-4401-b7b3-79b44f7daeeb: is it whole?", v)
	case field == "belonging_population" && keepsOut && !slices.Contains(knownPopulations, lower):
		w.add("the population %s is none that ProConnect names (%s): if it is mistyped, it keeps nobody out", v, strings.Join(knownPopulations, ", "))
	}
}
