package proconnect

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
func warnBeside(rules []compiledRule) (warnings []string) {
	narrow := slices.IndexFunc(rules, func(r compiledRule) bool { return !r.deny && r.namesOrganization() })
	if narrow < 0 {
		return nil
	}
	for i := range rules {
		if r := &rules[i]; !r.deny && r.onlyLevel() {
			warnings = append(warnings, fmt.Sprintf(
				"rule %d (%s): alone it admits every professional who reaches this level, whatever rule %d (%s) says: to require the level of everybody, write it outside of the rules; of some, in a block with their other conditions",
				r.position, r.fields(), rules[narrow].position, rules[narrow].fields()))
		}
	}
	return warnings
}

func (r *compiledRule) namesOrganization() bool {
	return slices.ContainsFunc(r.conditions, func(c condition) bool {
		return !c.not && !c.absent && slices.Contains(organizations, c.field.Index)
	})
}

// onlyLevel says whether the rule asks for nothing but levels of authentication.
func (r *compiledRule) onlyLevel() bool {
	return len(r.conditions) > 0 && !slices.ContainsFunc(r.conditions, func(c condition) bool { return !c.stepUp })
}
