package proconnect

import (
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/listfile"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
)

// truth is the value of a condition. What ProConnect left out is neither true nor
// false: its own outage looks like a person without roles.
type truth uint8

const (
	isFalse truth = iota
	isUnknown
	isTrue
)

// needs returns the claims that must be asked of ProConnect for the rules.
func (rs *ruleSet) needs() []claims.Ref {
	var refs []claims.Ref
	for _, ref := range rs.reads {
		if ref.Index == claims.SIREN { // derived from siret
			refs = appendNew(refs, claims.RefOf(claims.SIRET))
		}
		refs = appendNew(refs, ref)
	}
	return refs
}

// decide says what becomes of a person. It makes no garbage unless it refuses.
func (rs *ruleSet) decide(id *claims.Set) decision {
	if claim, stale := rs.unasked(id); stale {
		return decision{outcome: outcomeStale, claim: claim}
	}
	for i := range rs.rules {
		if r := &rs.rules[i]; r.deny && r.eval(id, true) != isFalse {
			return decision{outcome: outcomeDeny, by: r, grounds: r.grounds(nil, id)}
		}
	}
	for i := range rs.rules {
		if r := &rs.rules[i]; !r.deny && r.eval(id, false) == isTrue {
			return decision{outcome: outcomeAllow, by: r}
		}
	}
	return rs.refuse(id)
}

// unasked returns a claim that the rules read and the person's login did not ask for.
func (rs *ruleSet) unasked(id *claims.Set) (claim string, found bool) {
	for _, ref := range rs.reads {
		if _, asked := id.Find(ref); !asked {
			return ref.Name, true
		}
	}
	return "", false
}

// holds says whether the one rule of a matcher holds of a person: for sure or, with
// maybe, also where too little is known to say that it does not.
func (rs *ruleSet) holds(id *claims.Set, maybe bool) bool {
	if maybe {
		return rs.rules[0].eval(id, true) != isFalse
	}
	return rs.rules[0].eval(id, false) == isTrue
}

// refuse tells why no allow rule holds, and whether another login may help.
func (rs *ruleSet) refuse(id *claims.Set) decision {
	d := decision{outcome: outcomeDeny}
	var levels []string
	for i := range rs.rules {
		r := &rs.rules[i]
		if r.deny {
			continue
		}
		d.grounds = r.grounds(d.grounds, id)
		if more := r.levels(); len(more) > 0 && r.holdsButForACR(id) {
			d.outcome = outcomeStepUp
			levels = append(levels, more...)
		}
	}
	if d.outcome == outcomeStepUp {
		d.acr = intersect(acrKnown, levels)
	}
	return d
}

// eval returns the least of the values of the rule's conditions. With maybe, as in a
// deny rule, what stands on an unreadable line of a list counts as unknown.
func (r *compiledRule) eval(id *claims.Set, maybe bool) truth {
	least := isTrue
	for i := range r.conditions {
		if least = min(least, r.conditions[i].eval(id, maybe)); least == isFalse {
			return isFalse
		}
	}
	return least
}

// holdsButForACR says whether nothing but another level is wanting.
func (r *compiledRule) holdsButForACR(id *claims.Set) bool {
	for i := range r.conditions {
		if c := &r.conditions[i]; !c.stepUp && c.eval(id, r.deny) != isTrue {
			return false
		}
	}
	return true
}

// grounds appends what the rule turns the person away for: of an allow rule the
// conditions that are not true, of a deny rule those that are not false.
func (r *compiledRule) grounds(to []ground, id *claims.Set) []ground {
	innocent := isTrue
	if r.deny {
		innocent = isFalse
	}
	for i := range r.conditions {
		if v, faulty := r.conditions[i].judge(id, r.deny); v != innocent {
			to = append(to, ground{r.position, &r.conditions[i], v, faulty})
		}
	}
	return to
}

func (c *condition) eval(id *claims.Set, maybe bool) truth {
	v, _ := c.judge(id, maybe)
	return v
}

// judge is eval, and says whether the condition is unknown because of a list and not
// because of what ProConnect told.
func (c *condition) judge(id *claims.Set, maybe bool) (v truth, faultyList bool) {
	told, _ := id.Find(c.field)
	there, found, sure := false, false, true
	for i := told.Lo; i < told.Hi; i++ {
		v := id.Value(i)
		if !c.compare.readable(v) {
			continue
		}
		there = true
		if c.absent {
			break
		}
		has, complete := c.has(v)
		found = found || has
		sure = sure && complete
	}
	switch {
	case c.absent && !there && told.Lo < told.Hi:
		return isUnknown, false // there, and unreadable
	case c.absent:
		return truthOf(there == c.not), false
	case !there:
		return isUnknown, false
	case found:
		return truthOf(!c.not), false
	case !sure && (maybe || c.not):
		// The value may stand on a line of the list that could not be read.
		return isUnknown, true
	}
	return truthOf(c.not), false
}

func truthOf(b bool) truth {
	if b {
		return isTrue
	}
	return isFalse
}

// has says whether a value is among those of the condition, and whether all of
// those are known.
func (c *condition) has(value string) (has, complete bool) {
	if c.literal != nil && c.compare.in(c.literal, value) {
		return true, true
	}
	complete = true
	for _, l := range c.lists {
		set := l.Set()
		if c.compare.in(set, value) {
			return true, true
		}
		complete = complete && set.Complete() && (set.Doubt() == nil || !c.compare.in(set.Doubt(), value))
	}
	return false, complete
}

// Readable says whether a person's value has the shape that the field compares; one
// that has not is as good as none.
func (c comparison) readable(value string) bool {
	switch c {
	case compareSIRET:
		return len(value) == 14
	case compareSIREN:
		return len(value) == 9
	case compareEmail:
		return strings.Count(value, "@") == 1
	}
	return value != ""
}

// in says whether a set holds a person's value.
func (c comparison) in(set *listfile.Set, value string) bool {
	switch c {
	case compareSIRET:
		return set.HasSIRET(value)
	case compareSIREN:
		return set.HasSIREN(value)
	case compareExact:
		return set.HasText(value)
	}
	if set.HasFold(value) {
		return true
	}
	for _, glob := range set.Globs() {
		if c == compareEmail && matchEmail(glob, value) || c == compareText && matchGlob(glob, value) {
			return true
		}
	}
	return false
}
