package proconnect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
)

// outcome is what becomes of a request.
type outcome uint8

const (
	// outcomeDeny comes first, so that a decision that nobody took refuses.
	outcomeDeny   outcome = iota
	outcomeAllow          // the person may enter
	outcomeStepUp         // the person may enter after a login at another level
	outcomeStale          // the person's login did not ask for a claim that a rule reads
)

// decision is what rules say of a person.
type decision struct {
	outcome outcome
	by      *compiledRule // the rule that allowed or denied; nil: no rule did
	grounds []ground      // what kept each allow rule from holding, or what made the deny rule hold
	acr     []string      // the levels that a step up must ask for, any of which will do
	claim   string        // the claim that was not asked for
}

// ground is a condition that a person is turned away for.
type ground struct {
	rule int // position, from 1
	*condition
	value      truth
	faultyList bool // unknown because of the list, not of ProConnect
}

// word tells the condition's value as the log does.
func (g ground) word() string {
	switch {
	case g.value == isTrue:
		return " matched"
	case g.value == isFalse:
		return " failed"
	case g.faultyList:
		return " list incomplete"
	}
	return " unknown" // ProConnect did not tell
}

// maxReason bounds a reason, in bytes.
const maxReason = 400

// maxOutlines bounds how many rules a refusal names.
const maxOutlines = 10

// outlines are the rules that a decision speaks of, by position and fields: for the
// log, where an operator looks for the one to change. What the rules hold stays out of
// it: a list of three hundred colleagues would be on every line.
func (rs *ruleSet) outlines(d decision) []string {
	var outlines []string
	add := func(r *compiledRule) {
		if outline := r.outline(); len(outlines) < maxOutlines {
			outlines = appendNew(outlines, outline)
		}
	}
	if d.by != nil {
		add(d.by)
	}
	for _, g := range d.grounds {
		add(&rs.rules[g.rule-1])
	}
	return outlines
}

// outline names the rule by its position and its fields.
func (r *compiledRule) outline() string { return fmt.Sprintf("rule %d: %s", r.position, r.fields()) }

// fields names what the rule compares, and nothing of what it compares it with.
func (r *compiledRule) fields() string {
	words := []string{r.name}
	if len(r.conditions) == 0 {
		words = append(words, wordAny)
	}
	for i := range r.conditions {
		if r.conditions[i].not {
			words = append(words, wordNot)
		}
		words = append(words, r.conditions[i].field.Name)
	}
	return strings.Join(words, " ")
}

// reason tells the decision in fixed words and names of fields: neither what
// the rules hold nor what the person is.
func (d decision) reason() string {
	switch {
	case d.outcome == outcomeStale:
		return d.claim + " was not asked for at login"
	case d.outcome == outcomeAllow:
		return fmt.Sprintf("rule %d allows", d.by.position)
	case len(d.acr) > 0 && len(d.grounds) == 0:
		return "another level of authentication is required"
	case d.outcome == outcomeStepUp:
		return "another level of authentication is required: " + d.details()
	case d.by == nil:
		return "no rule matched: " + d.details()
	}
	at := fmt.Sprintf("rule %d", d.by.position)
	return at + " denies" + strings.TrimPrefix(d.details(), at)
}

// details lists the grounds rule by rule.
func (d decision) details() string {
	var s strings.Builder
	rule := 0
	for _, g := range d.grounds {
		item := ", " + g.field.Name + g.word()
		if g.rule != rule {
			item = fmt.Sprintf("; rule %d: %s%s", g.rule, g.field.Name, g.word())
			rule = g.rule
		}
		if s.Len()+len(item) > maxReason {
			s.WriteString("; …")
			break
		}
		s.WriteString(item)
	}
	return strings.TrimPrefix(s.String(), "; ")
}

// requireACR adds what a gate requires of everybody, whatever the rule: one of
// some levels. A refusal stays one.
func (d decision) requireACR(id *claims.Set, required []string) decision {
	if len(required) == 0 || d.outcome == outcomeDeny || d.outcome == outcomeStale {
		return d
	}
	proven, asked := id.Find(claims.RefOf(claims.ACR))
	if !asked {
		return decision{outcome: outcomeStale, claim: claims.RefOf(claims.ACR).Name}
	}
	for i := proven.Lo; i < proven.Hi; i++ {
		if slices.Contains(required, id.Value(i)) {
			return d
		}
	}
	if d.outcome == outcomeAllow {
		return decision{outcome: outcomeStepUp, acr: required}
	}
	if d.acr = intersect(d.acr, required); len(d.acr) == 0 {
		d.outcome = outcomeDeny // no one login would satisfy both
	}
	return d
}
