package proconnect

import (
	"fmt"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// change is something that would have to be otherwise for a gate to admit a person.
type change struct {
	lead string // how it goes with those before it: to enter, and, and either, or
	text string
}

// MarshalText is what programs read of it.
func (c change) MarshalText() ([]byte, error) { return []byte(c.text), nil }

// toEnter tells all that would have to change, and not the first of it: whoever takes out
// one deny of two is refused by the other.
func (e *gateExplanation) toEnter(set *rules.Set) (changes []change) {
	var allows []string
	admitted := false
	for i := range e.Rules {
		rule := &e.Rules[i]
		holds := rule.Value == rules.True.String()
		switch denies := set.Rules[i].Denies(); {
		case denies && rule.Value != rules.False.String():
			changes = append(changes, change{"and", rule.toBeFalse()})
		case !denies && !holds:
			allows = append(allows, rule.toBeTrue())
		case !denies:
			admitted = true
		}
	}
	if !admitted {
		changes = append(changes, anyOf(allows)...)
	}
	if e.ACR != nil && !e.ACR.Met {
		changes = append(changes, change{"and", "everybody needs a login with " + levels(e.ACR.AnyOf)})
	}
	if len(changes) > 0 {
		changes[0].lead = "to enter"
	}
	return changes
}

// anyOf are changes of which one is enough.
func anyOf(texts []string) (changes []change) {
	for i, text := range texts {
		lead := "or"
		switch {
		case i == 0 && len(texts) > 1:
			lead = "and either"
		case i == 0:
			lead = "and"
		}
		changes = append(changes, change{lead, text})
	}
	return changes
}

// toBeTrue names the conditions of an allow that keep it from holding.
func (r *ruleExplanation) toBeTrue() string {
	var lacking []string
	for _, c := range r.Conditions {
		if c.Value != rules.True.String() {
			lacking = append(lacking, c.Condition)
		}
	}
	return fmt.Sprintf("rule %d would have to be true: %s", r.Position, strings.Join(lacking, " and "))
}

// toBeFalse names the conditions of a deny, one of which would have to be false.
func (r *ruleExplanation) toBeFalse() string {
	var ways []string
	for _, c := range r.Conditions {
		switch {
		case c.FaultyList:
			ways = append(ways, "the list of "+c.Field+" without lines that cannot be read")
		case c.Unreadable:
			ways = append(ways, c.Field+" told so that it can be read, and not one of: "+c.Condition)
		case c.Value == rules.Unknown.String():
			ways = append(ways, c.Field+" told by ProConnect, and not one of: "+c.Condition)
		default:
			ways = append(ways, "not: "+c.Condition)
		}
	}
	return fmt.Sprintf("rule %d, a deny, would have to be false: %s", r.Position, strings.Join(ways, " or "))
}
