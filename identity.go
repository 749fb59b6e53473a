package proconnect

import (
	"cmp"
	"slices"

	"go.uber.org/zap/zapcore"
)

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
		return id.at(id.known[c.index]), id.asked&(1<<c.index) != 0
	}
	for i := range id.extra {
		if id.extra[i].name == c.name {
			return id.at(id.extra[i].span), true
		}
	}
	return nil, false
}

func (id *identity) at(s span) []string { return id.text[s.lo:s.hi:s.hi] }

// place records that the text from lo on is the values of a known claim.
func (id *identity) place(index, lo int) {
	id.known[index] = span{uint16(lo), uint16(len(id.text))}
	id.asked |= 1 << index
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
	lo := len(id.text)
	id.text = append(id.text, values...)
	if c.index < 0 {
		id.extra = append(id.extra, extraClaim{c.name, span{uint16(lo), uint16(len(id.text))}})
		return
	}
	id.place(c.index, lo)
}

// sirens derives the SIREN: ProConnect does not, and often leaves it out.
func (id *identity) sirens() []string {
	sirets := id.at(id.known[claimSiret])
	sirens := make([]string, 0, len(sirets))
	for _, s := range sirets {
		if len(s) != 14 {
			return []string{""} // told, and unreadable
		}
		sirens = append(sirens, s[:9])
	}
	return sirens
}

// newIdentity keeps of the raw claims those that were asked for.
func newIdentity(asked []claimRef, raw map[string]any) *identity {
	id := new(identity)
	for _, c := range asked {
		switch {
		case c.index < 0:
			id.set(c, toldValues(textClaim, customValue(raw["custom"], c.name[len(customPrefix):])))
		case c.index == claimSiren:
			id.set(c, id.sirens())
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

// MarshalLogObject writes what a log may hold of a person: no name, no email.
func (id *identity) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	for _, index := range []int{claimSub, claimIDPID, claimSiret} {
		enc.AddString(claimSpecs[index].name, id.first(index))
	}
	return nil
}
