package rules

import (
	"fmt"
	"slices"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
)

// organizations are the claims by which a rule admits people of some organisation.
var organizations = []int{
	claims.SIRET, claims.SIREN, claims.Roles, claims.OrganizationLabel, claims.OrganizationalUnit, claims.Email, claims.IDPID,
}

// warnBeside warns of an allow rule on the level alone beside one that names an
// organisation. People mean both of them, and get either: any professional who has two
// factors would enter.
func warnBeside(rules []Compiled) (warnings []string) {
	narrow := slices.IndexFunc(rules, func(r Compiled) bool { return !r.deny && r.namesOrganization() })
	if narrow < 0 {
		return nil
	}
	for i := range rules {
		if r := &rules[i]; !r.deny && r.onlyLevel() {
			warnings = append(warnings, fmt.Sprintf(
				"rule %d (%s): alone it admits every professional who reaches this level, whatever rule %d (%s) says: to require the level of everybody, write it outside of the rules; of some, in a block with their other conditions",
				r.Position, r.Fields(), rules[narrow].Position, rules[narrow].Fields()))
		}
	}
	return warnings
}

func (r *Compiled) namesOrganization() bool {
	return slices.ContainsFunc(r.Conditions, func(c Criterion) bool {
		return !c.Not && !c.Absent && slices.Contains(organizations, c.Field.Index)
	})
}

// onlyLevel says whether the rule asks for nothing but levels of authentication.
func (r *Compiled) onlyLevel() bool {
	return len(r.Conditions) > 0 && !slices.ContainsFunc(r.Conditions, func(c Criterion) bool { return !c.StepUp })
}
