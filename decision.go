package proconnect

import (
	"fmt"
	"slices"
	"strings"
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
	outcome    outcome
	by         *compiledRule // the rule that allowed or denied; nil: no rule did
	shortfalls []shortfall   // what kept each allow rule from holding
	acr        []string      // the levels that a step up must ask for, any of which will do
	claim      string        // the claim that was not asked for
}

// shortfall is a condition that is not true.
type shortfall struct {
	rule    int // position, from 1
	field   string
	unknown bool // ProConnect did not tell
}

// maxReason bounds a reason, in bytes.
const maxReason = 400

// maxTexts bounds how many rules a refusal tells.
const maxTexts = 10

// texts are the rules that a decision speaks of, by position, as one would write
// them: for the log, where an operator looks for the one to change.
func (rs *ruleSet) texts(d decision) []string {
	var texts []string
	add := func(r *compiledRule) {
		if text := fmt.Sprintf("rule %d: %s", r.position, r.text); len(texts) < maxTexts {
			texts = appendNew(texts, text)
		}
	}
	if d.by != nil {
		add(d.by)
	}
	for _, s := range d.shortfalls {
		add(&rs.rules[s.rule-1])
	}
	return texts
}

// reason tells the decision in fixed words and names of fields: neither what
// the rules hold nor what the person is.
func (d decision) reason() string {
	switch {
	case d.outcome == outcomeStale:
		return d.claim + " was not asked for at login"
	case d.outcome == outcomeAllow:
		return fmt.Sprintf("rule %d allows", d.by.position)
	case d.outcome == outcomeStepUp && len(d.shortfalls) == 0:
		return "another level of authentication is required"
	case d.outcome == outcomeStepUp:
		return "another level of authentication is required: " + d.details()
	case d.by == nil:
		return "no rule matched: " + d.details()
	case len(d.shortfalls) == 0:
		return fmt.Sprintf("rule %d denies", d.by.position)
	}
	// A deny rule fires on what is unknown too.
	at := fmt.Sprintf("rule %d", d.by.position)
	return at + " denies" + strings.TrimPrefix(d.details(), at)
}

// details lists the shortfalls rule by rule.
func (d decision) details() string {
	var s strings.Builder
	rule := 0
	for _, f := range d.shortfalls {
		word := " failed"
		if f.unknown {
			word = " unknown"
		}
		item := ", " + f.field + word
		if f.rule != rule {
			item = fmt.Sprintf("; rule %d: %s%s", f.rule, f.field, word)
			rule = f.rule
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
func (d decision) requireACR(id *identity, required []string) decision {
	if len(required) == 0 || d.outcome == outcomeDeny || d.outcome == outcomeStale {
		return d
	}
	proven, asked := id.values(claimRef{claimACR, claimSpecs[claimACR].name})
	if !asked {
		return decision{outcome: outcomeStale, claim: claimSpecs[claimACR].name}
	}
	if slices.ContainsFunc(proven, func(v string) bool { return slices.Contains(required, v) }) {
		return d
	}
	if d.outcome == outcomeAllow {
		return decision{outcome: outcomeStepUp, acr: required}
	}
	if d.acr = intersect(d.acr, required); len(d.acr) == 0 {
		d.outcome = outcomeDeny // no one login would satisfy both
	}
	return d
}
