package rules

import (
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/listfile"
)

// Truth is the value of a condition. What ProConnect left out is neither true nor
// false: its own outage looks like a person without roles.
type Truth uint8

const (
	False Truth = iota
	Unknown
	True
)

// Needs returns the claims that must be asked of ProConnect for the rules.
func (rs *Set) Needs() []claims.Ref {
	var refs []claims.Ref
	for _, ref := range rs.reads {
		if ref.Index == claims.SIREN { // derived from siret
			refs = appendNew(refs, claims.RefOf(claims.SIRET))
		}
		refs = appendNew(refs, ref)
	}
	return refs
}

// Decide says what becomes of a person. It makes no garbage unless it refuses.
func (rs *Set) Decide(id *claims.Set) Decision {
	if claim, stale := rs.Unrequested(id); stale {
		return Decision{Outcome: Login, Claim: claim}
	}
	for i := range rs.Rules {
		if r := &rs.Rules[i]; r.deny && r.eval(id, true) != False {
			return Decision{Outcome: Deny, By: r, Grounds: r.grounds(nil, id)}
		}
	}
	for i := range rs.Rules {
		if r := &rs.Rules[i]; !r.deny && r.eval(id, false) == True {
			return Decision{Outcome: Allow, By: r}
		}
	}
	return rs.refuse(id)
}

// Unrequested returns a claim that the rules read and the person's login did not ask for.
func (rs *Set) Unrequested(id *claims.Set) (claim string, found bool) {
	for _, ref := range rs.reads {
		if _, requested := id.Find(ref); !requested {
			return ref.Name, true
		}
	}
	return "", false
}

// Holds says whether the one rule of a matcher Holds of a person: for certain or, if
// lenient, also where too little is known to say that it does not.
func (rs *Set) Holds(id *claims.Set, lenient bool) bool {
	if lenient {
		return rs.Rules[0].eval(id, true) != False
	}
	return rs.Rules[0].eval(id, false) == True
}

// refuse tells why no allow rule holds, and whether another login may help.
func (rs *Set) refuse(id *claims.Set) Decision {
	d := Decision{Outcome: Deny}
	var levels []string
	for i := range rs.Rules {
		r := &rs.Rules[i]
		if r.deny {
			continue
		}
		d.Grounds = r.grounds(d.Grounds, id)
		if more := r.Levels(); len(more) > 0 && r.holdsButForACR(id) {
			d.Outcome = StepUp
			levels = append(levels, more...)
		}
	}
	if d.Outcome == StepUp {
		d.ACR = Intersect(KnownACR, levels)
	}
	return d
}

// eval returns the least of the values of the rule's conditions. If lenient, as in a
// deny rule, what is on an unreadable line of a list counts as unknown.
func (r *Compiled) eval(id *claims.Set, lenient bool) Truth {
	least := True
	for i := range r.Conditions {
		if least = min(least, r.Conditions[i].eval(id, lenient)); least == False {
			return False
		}
	}
	return least
}

// holdsButForACR says whether nothing but another level is wanting.
func (r *Compiled) holdsButForACR(id *claims.Set) bool {
	for i := range r.Conditions {
		if c := &r.Conditions[i]; !c.StepUp && c.eval(id, r.deny) != True {
			return false
		}
	}
	return true
}

// grounds appends what the rule turns the person away for: of an allow rule the
// conditions that are not true, of a deny rule those that are not false.
func (r *Compiled) grounds(to []Ground, id *claims.Set) []Ground {
	want := True
	if r.deny {
		want = False
	}
	for i := range r.Conditions {
		if v, faulty := r.Conditions[i].judge(id, r.deny); v != want {
			to = append(to, Ground{r.Position, &r.Conditions[i], v, faulty})
		}
	}
	return to
}

func (c *Criterion) eval(id *claims.Set, lenient bool) Truth {
	v, _ := c.judge(id, lenient)
	return v
}

// judge is eval, and says whether the condition is unknown because of a list and not
// because of what ProConnect told.
func (c *Criterion) judge(id *claims.Set, lenient bool) (v Truth, faultyList bool) {
	told, _ := id.Find(c.Field)
	present, matched, complete := false, false, true
	for i := told.Lo; i < told.Hi; i++ {
		v := id.Value(i)
		if !c.compare.readable(v) {
			continue
		}
		present = true
		if c.Absent {
			break
		}
		has, all := c.has(v)
		matched = matched || has
		complete = complete && all
	}
	switch {
	case c.Absent && !present && told.Lo < told.Hi:
		return Unknown, false // present, and unreadable
	case c.Absent:
		return truthOf(present == c.Not), false
	case !present:
		return Unknown, false
	case matched:
		return truthOf(!c.Not), false
	case !complete && (lenient || c.Not):
		// The value may be on a line of the list that could not be read.
		return Unknown, true
	}
	return truthOf(c.Not), false
}

func truthOf(b bool) Truth {
	if b {
		return True
	}
	return False
}

// has says whether a value is among those of the condition, and whether all of
// those are known.
func (c *Criterion) has(value string) (has, complete bool) {
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

// readable says whether a person's value has the shape that the field compares; one
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
