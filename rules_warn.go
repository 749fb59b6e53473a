package proconnect

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// warnings are what an operator should know of a rule, and may want all the same.
func warnings(position int, r Rule, c compiledRule) []string {
	w := warned{at: fmt.Sprintf("rule %d (%s): ", position, c.text)}
	for _, cond := range r.Conditions {
		w.values(cond, c.deny != cond.Not)
	}
	if !c.deny {
		w.allow(r, c)
	}
	return w.said
}

// warned gathers the warnings of one rule.
type warned struct {
	at   string
	said []string
}

func (w *warned) add(format string, args ...any) {
	w.said = append(w.said, w.at+fmt.Sprintf(format, args...))
}

// allow warns of an allow rule that admits more people than it looks, or nobody.
func (w *warned) allow(r Rule, c compiledRule) {
	has := func(fields ...string) bool {
		return slices.ContainsFunc(r.Conditions, func(c Condition) bool {
			return !c.Absent && slices.Contains(fields, c.Field)
		})
	}
	if has("email") && !has("idp_id", "siret", "siren") {
		w.add("an email proves only that some identity provider said so: add a line with idp_id, siret or siren")
	}
	if slices.ContainsFunc(c.conditions, func(c condition) bool { return c.stepUp }) && len(c.levels()) == 0 {
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

// single are the claims of which a person has one value.
var single = []string{"siret", "siren", "idp_id", "email", "uid", "sub"}

// excludeEachOther says whether no person satisfies both conditions.
func excludeEachOther(a, b Condition) bool {
	if a.Field != b.Field || !slices.Contains(single, a.Field) {
		return false
	}
	field, _ := lookupClaim(a.Field)
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

// knownRoles are ProConnect's: three that it gives, and two that it reserves.
var knownRoles = []string{"agent_public", "agent_public_etat", "agent_public_territorial", "agent_public_hospitalier", "dirigeant"}

// knownPopulations are those that ProConnect's documentation names. The claim is
// free text: others may be meant.
var knownPopulations = []string{"agent", "prestataire", "partenaire", "stagiaire", "fonctionnaire", "contractuel"}

var uuid = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// values warns of a mistyped value: where it should keep people out, it would let
// them in.
func (w *warned) values(c Condition, keepsOut bool) {
	for _, v := range c.Values {
		v = strings.TrimSpace(v)
		if strings.Contains(v, "*") {
			continue
		}
		switch {
		case c.Field == "roles" && !slices.Contains(knownRoles, strings.ToLower(v)):
			w.add("ProConnect gives nobody the role %s: want one of %s", v, strings.Join(knownRoles[:3], ", "))
		case c.Field == "idp_id" && !uuid.MatchString(v):
			w.add("the idp_id %s is none of ProConnect's, which are such as 71144ab3-ee1a-4401-b7b3-79b44f7daeeb: is it whole?", v)
		case c.Field == "belonging_population" && keepsOut && !slices.Contains(knownPopulations, strings.ToLower(v)):
			w.add("the population %s is none that ProConnect names (%s): if it is mistyped, it keeps nobody out", v, strings.Join(knownPopulations, ", "))
		}
	}
}
