package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
)

// Outcome is what becomes of a request.
type Outcome uint8

const (
	// Deny comes first, so that a decision that nobody took refuses.
	Deny   Outcome = iota
	Allow          // the person may enter
	StepUp         // the person may enter after a login at another level
	Login          // nobody is logged in, or the login did not ask for a claim that a rule reads
)

// String is the outcome in one word, as placeholders and logs have it.
func (o Outcome) String() string {
	switch o {
	case Allow:
		return "allow"
	case StepUp:
		return "step_up"
	case Login:
		return "login"
	}
	return "deny"
}

// Decision is what rules say of a person.
type Decision struct {
	Outcome Outcome
	By      *Compiled // the rule that allowed or denied; nil: no rule did
	Grounds []Ground  // what kept each allow rule from holding, or what made the deny rule hold
	ACR     []string  // the levels that a step up must ask for, any of which will do
	Claim   string    // the claim that was not asked for; empty: nobody is logged in
}

// Ground is a condition that a person is turned away for.
type Ground struct {
	Rule int // position, from 1
	*Criterion
	Value      Truth
	FaultyList bool // unknown because of the list, not of ProConnect
}

// word tells the condition's value as the log does.
func (g Ground) word() string {
	switch {
	case g.Value == True:
		return " matched"
	case g.Value == False:
		return " failed"
	case g.FaultyList:
		return " list incomplete"
	}
	return " unknown" // ProConnect did not tell
}

// maxReason bounds a reason, in bytes.
const maxReason = 400

// maxOutlines bounds how many rules a refusal names.
const maxOutlines = 10

// Outlines are the rules that a decision speaks of, by position and fields: for the
// log, where an operator looks for the one to change. What the rules hold stays out of
// it: a list of three hundred colleagues would be on every line.
func (rs *Set) Outlines(d Decision) []string {
	var outlines []string
	add := func(r *Compiled) {
		if outline := r.outline(); len(outlines) < maxOutlines {
			outlines = appendNew(outlines, outline)
		}
	}
	if d.By != nil {
		add(d.By)
	}
	for _, g := range d.Grounds {
		add(&rs.Rules[g.Rule-1])
	}
	return outlines
}

// outline names the rule by its position and its fields.
func (r *Compiled) outline() string { return fmt.Sprintf("rule %d: %s", r.Position, r.Fields()) }

// Fields names what the rule compares, and nothing of what it compares it with.
func (r *Compiled) Fields() string {
	words := []string{r.name}
	if len(r.Conditions) == 0 {
		words = append(words, WordAny)
	}
	for i := range r.Conditions {
		if r.Conditions[i].Not {
			words = append(words, WordNot)
		}
		words = append(words, r.Conditions[i].Field.Name)
	}
	return strings.Join(words, " ")
}

// Reason tells the decision in fixed words and names of fields: neither what
// the rules hold nor what the person is.
func (d Decision) Reason() string {
	switch {
	case d.Outcome == Login && d.Claim == "":
		return "no session"
	case d.Outcome == Login:
		return d.Claim + " was not asked for at login"
	case d.Outcome == Allow:
		return fmt.Sprintf("rule %d allows", d.By.Position)
	case len(d.ACR) > 0 && len(d.Grounds) == 0:
		return "another level of authentication is required"
	case d.Outcome == StepUp:
		return "another level of authentication is required: " + d.details()
	case d.By == nil:
		return "no rule matched: " + d.details()
	}
	at := fmt.Sprintf("rule %d", d.By.Position)
	return at + " denies" + strings.TrimPrefix(d.details(), at)
}

// details lists the grounds rule by rule.
func (d Decision) details() string {
	var s strings.Builder
	rule := 0
	for _, g := range d.Grounds {
		item := ", " + g.Field.Name + g.word()
		if g.Rule != rule {
			item = fmt.Sprintf("; rule %d: %s%s", g.Rule, g.Field.Name, g.word())
			rule = g.Rule
		}
		if s.Len()+len(item) > maxReason {
			s.WriteString("; …")
			break
		}
		s.WriteString(item)
	}
	return strings.TrimPrefix(s.String(), "; ")
}

// Position is that of the rule that allowed or denied, from 1; 0 if no rule did.
func (d Decision) Position() int {
	if d.By == nil {
		return 0
	}
	return d.By.Position
}

// RequireACR adds what a gate requires of everybody, whatever the rule: one of
// some levels. A refusal stays one.
func (d Decision) RequireACR(id *claims.Set, required []string) Decision {
	if len(required) == 0 || d.Outcome == Deny || d.Outcome == Login {
		return d
	}
	proven, asked := id.Find(claims.RefOf(claims.ACR))
	if !asked {
		return Decision{Outcome: Login, Claim: claims.RefOf(claims.ACR).Name}
	}
	for i := proven.Lo; i < proven.Hi; i++ {
		if slices.Contains(required, id.Value(i)) {
			return d
		}
	}
	if d.Outcome == Allow {
		return Decision{Outcome: StepUp, ACR: required}
	}
	if d.ACR = Intersect(d.ACR, required); len(d.ACR) == 0 {
		d.Outcome = Deny // no one login would satisfy both
	}
	return d
}
