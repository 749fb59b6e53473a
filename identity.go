package proconnect

import "slices"

// identity is who ProConnect says a person is: the claims that were asked for,
// already normalised. It is never changed once made, and lives for one request.
type identity struct {
	text  []string              // every value, back to back
	known [len(claimSpecs)]span // where each claim's values lie in text
	asked uint32                // a bit for each claim that was asked for
	extra []extraClaim          // custom claims that were asked for
}

type span struct{ lo, hi uint16 }

type extraClaim struct {
	name string
	span
}

// values returns what is known of a claim. asked is false when the login that
// made this identity never asked ProConnect for it: that tells nothing of the
// person, who has to pass by ProConnect once more.
func (id *identity) values(c claimRef) (values []string, asked bool) {
	if c.index >= 0 {
		s := id.known[c.index]
		return id.text[s.lo:s.hi:s.hi], id.asked&(1<<c.index) != 0
	}
	for _, e := range id.extra {
		if e.name == c.name {
			return id.text[e.lo:e.hi:e.hi], true
		}
	}
	return nil, false
}

// first returns the first value of a claim, or nothing.
func (id *identity) first(index int) string {
	if s := id.known[index]; s.lo < s.hi {
		return id.text[s.lo]
	}
	return ""
}

// set records the values of a claim that was asked for.
func (id *identity) set(c claimRef, values []string) {
	s := span{uint16(len(id.text)), uint16(len(id.text) + len(values))}
	id.text = append(id.text, values...)
	if c.index < 0 {
		id.extra = append(id.extra, extraClaim{c.name, s})
		return
	}
	id.known[c.index] = s
	id.asked |= 1 << c.index
}

// newIdentity keeps of the raw claims those that were asked for.
func newIdentity(asked []claimRef, raw map[string]any) *identity {
	id := new(identity)
	for _, c := range asked {
		switch {
		case c.index < 0:
			id.set(c, claimValues(textClaim, customValue(raw["custom"], c.name[len(customPrefix):])))
		case c.index == claimSiren:
			// ProConnect does not derive it and often leaves it out.
			var sirens []string
			if s := id.first(claimSiret); len(s) == 14 {
				sirens = []string{s[:9]}
			}
			id.set(c, sirens)
		default:
			id.set(c, claimValues(c.kind(), raw[c.name]))
		}
	}
	return id
}

// sortAsked puts claims in the order in which newIdentity reads them: siret
// before siren, custom claims last by name.
func sortAsked(asked []claimRef) {
	slices.SortFunc(asked, func(a, b claimRef) int {
		if ai, bi := uint(a.index), uint(b.index); ai != bi { // -1 sorts last
			if ai < bi {
				return -1
			}
			return 1
		}
		if a.name < b.name {
			return -1
		}
		if a.name > b.name {
			return 1
		}
		return 0
	})
}
