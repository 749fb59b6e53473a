package proconnect

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// identity is who ProConnect says a person is: the claims that were asked for,
// already normalised. It is never changed once made, and lives for one request.
type identity struct {
	src   string                // holds every value
	parts []part                // where each value lies in src
	known [len(claimSpecs)]span // where each claim's values lie in parts
	asked uint32                // a bit for each claim that was asked for
	extra []extraClaim          // custom claims that were asked for
}

// part is a piece of a text. Strings would do, but for the memory that each request
// would have to make and to clean up for them.
type part struct{ at, size uint32 }

type span struct{ lo, hi uint16 }

type extraClaim struct {
	name string
	span
}

// find returns where the values of a claim lie. asked is false when the login that
// made this identity never asked ProConnect for it: that tells nothing of the
// person, who has to pass by ProConnect once more.
func (id *identity) find(c claimRef) (s span, asked bool) {
	if c.index >= 0 {
		return id.known[c.index], id.asked&(1<<c.index) != 0
	}
	for i := range id.extra {
		if id.extra[i].name == c.name {
			return id.extra[i].span, true
		}
	}
	return span{}, false
}

// value returns one value, by where it lies in parts.
func (id *identity) value(i uint16) string {
	p := id.parts[i]
	return id.src[p.at : p.at+p.size]
}

// values returns what is known of a claim.
func (id *identity) values(c claimRef) []string {
	s, _ := id.find(c)
	return id.at(s)
}

// of returns what is known of a claim of the table.
func (id *identity) of(index int) []string { return id.at(id.known[index]) }

func (id *identity) at(s span) []string {
	values := make([]string, 0, s.hi-s.lo)
	for i := s.lo; i < s.hi; i++ {
		values = append(values, id.value(i))
	}
	return values
}

// all yields the claims of which something is known, in the order of the table, then
// the custom ones.
func (id *identity) all() iter.Seq2[claimRef, []string] {
	return func(yield func(claimRef, []string) bool) {
		for i := range claimSpecs {
			if values := id.of(i); strings.Join(values, "") != "" && !yield(claimRef{i, claimSpecs[i].name}, values) {
				return
			}
		}
		for _, e := range id.extra {
			if values := id.at(e.span); strings.Join(values, "") != "" && !yield(claimRef{-1, e.name}, values) {
				return
			}
		}
	}
}

// place records that the parts from lo on are the values of a claim.
func (id *identity) place(c claimRef, lo int) {
	s := span{uint16(lo), uint16(len(id.parts))}
	if c.index < 0 {
		id.extra = append(id.extra, extraClaim{c.name, s})
		return
	}
	id.known[c.index] = s
	id.asked |= 1 << c.index
}

// first returns the first value of a claim, or nothing.
func (id *identity) first(index int) string {
	if s := id.known[index]; s.lo < s.hi {
		return id.value(s.lo)
	}
	return ""
}

// set records the values of a claim that was asked for.
func (id *identity) set(c claimRef, values []string) {
	lo := len(id.parts)
	for _, v := range values {
		id.parts = append(id.parts, part{uint32(len(id.src)), uint32(len(v))})
		id.src += v
	}
	id.place(c, lo)
}

// setSIREN derives the SIREN: ProConnect does not, and often leaves it out.
func (id *identity) setSIREN() {
	lo := len(id.parts)
	for sirets, i := id.known[claimSiret], uint16(0); sirets.lo+i < sirets.hi; i++ {
		p := id.parts[sirets.lo+i]
		if p.size != 14 {
			id.parts = append(id.parts[:lo], part{}) // told, and unreadable
			break
		}
		id.parts = append(id.parts, part{p.at, 9})
	}
	id.place(claimRef{index: claimSiren}, lo)
}

// newIdentity keeps of the raw claims those that were asked for.
func newIdentity(asked []claimRef, raw map[string]any) *identity {
	id := new(identity)
	for _, c := range asked {
		switch {
		case c.index < 0:
			id.set(c, toldValues(textClaim, customValue(raw["custom"], c.name[len(customPrefix):])))
		case c.index == claimSiren:
			id.setSIREN()
		default:
			id.set(c, toldValues(c.kind(), raw[c.name]))
		}
	}
	return id
}

// sortAsked puts claims in the order in which newIdentity reads them: siret
// before siren, custom claims last by name.
func sortAsked(asked []claimRef) {
	slices.SortFunc(asked, func(a, b claimRef) int {
		return cmp.Or(cmp.Compare(uint(a.index), uint(b.index)), cmp.Compare(a.name, b.name)) // uint(-1) is last
	})
}

// text returns a claim by name, lists joined by a space; empty for one that is not
// known, or not told.
func (id *identity) text(name string) string {
	ref, ok := lookupClaim(name)
	if !ok {
		return ""
	}
	values := id.values(ref)
	if len(values) == 1 {
		return values[0]
	}
	return strings.Join(values, " ")
}

// name is how to address the person.
func (id *identity) name() string {
	return strings.TrimSpace(id.first(claimGivenName) + " " + id.first(claimUsualName))
}

// largest names the claim that weighs most.
func (id *identity) largest() (name string) {
	size := -1
	for claim, values := range id.all() {
		if n := len(strings.Join(values, "")); n > size {
			name, size = claim.name, n
		}
	}
	return name
}
