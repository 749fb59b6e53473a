package claims

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// Set is who ProConnect says a person is: the claims that were asked for,
// already normalised. It is never changed once made, and lives for one request.
type Set struct {
	src       string           // holds every value
	parts     []Part           // where each value lies in src
	known     [len(Table)]span // where each claim's values lie in parts
	requested uint32           // a bit for each claim that was asked for
	extra     []extraClaim     // custom claims that were asked for
}

// Part is a piece of a text. Strings would do, but for the memory that each request
// would have to make and to clean up for them.
type Part struct{ at, size uint32 }

// span is a run of parts: the values of one claim, by which Value finds them.
type span struct{ Lo, Hi uint16 }

type extraClaim struct {
	name string
	span
}

// Find returns where the values of a claim lie. requested is false when the login that
// made this set never asked ProConnect for it: that tells nothing of the
// person, who has to pass by ProConnect once more.
func (id *Set) Find(c Ref) (s span, requested bool) {
	if c.Index >= 0 {
		return id.known[c.Index], id.requested&(1<<c.Index) != 0
	}
	for i := range id.extra {
		if id.extra[i].name == c.Name {
			return id.extra[i].span, true
		}
	}
	return span{}, false
}

// Value returns one value, by where it lies in parts.
func (id *Set) Value(i uint16) string {
	p := id.parts[i]
	return id.src[p.at : p.at+p.size]
}

// Values returns what is known of a claim.
func (id *Set) Values(c Ref) []string {
	s, _ := id.Find(c)
	return id.at(s)
}

// Of returns what is known of a claim of the table.
func (id *Set) Of(index int) []string { return id.at(id.known[index]) }

func (id *Set) at(s span) []string {
	values := make([]string, 0, s.Hi-s.Lo)
	for i := s.Lo; i < s.Hi; i++ {
		values = append(values, id.Value(i))
	}
	return values
}

// All yields the claims of which something is known, in the order of the table, then
// the custom ones.
func (id *Set) All() iter.Seq2[Ref, []string] { return id.told(true) }

// Unreadable yields the claims that ProConnect told in a form that nobody can read: they
// have no value, and are not absent.
func (id *Set) Unreadable() iter.Seq2[Ref, []string] { return id.told(false) }

func (id *Set) told(readable bool) iter.Seq2[Ref, []string] {
	return func(yield func(Ref, []string) bool) {
		goOn := func(c Ref, values []string) bool {
			return len(values) == 0 || (strings.Join(values, "") != "") != readable || yield(c, values)
		}
		for i := range Table {
			if !goOn(RefOf(i), id.Of(i)) {
				return
			}
		}
		for _, e := range id.extra {
			if !goOn(Ref{-1, e.name}, id.at(e.span)) {
				return
			}
		}
	}
}

// place records that the parts from lo on are the values of a claim.
func (id *Set) place(c Ref, lo int) {
	s := span{uint16(lo), uint16(len(id.parts))}
	if c.Index < 0 {
		id.extra = append(id.extra, extraClaim{c.Name, s})
		return
	}
	id.known[c.Index] = s
	id.requested |= 1 << c.Index
}

// First returns the first value of a claim, or nothing.
func (id *Set) First(index int) string {
	if s := id.known[index]; s.Lo < s.Hi {
		return id.Value(s.Lo)
	}
	return ""
}

// Put records the values of a claim that was asked for.
func (id *Set) Put(c Ref, values []string) {
	lo := len(id.parts)
	for _, v := range values {
		id.parts = append(id.parts, Part{uint32(len(id.src)), uint32(len(v))})
		id.src += v
	}
	id.place(c, lo)
}

// setSIREN derives the SIREN: ProConnect does not, and often leaves it out.
func (id *Set) setSIREN() {
	lo := len(id.parts)
	for sirets, i := id.known[SIRET], uint16(0); sirets.Lo+i < sirets.Hi; i++ {
		p := id.parts[sirets.Lo+i]
		if p.size != 14 {
			id.parts = append(id.parts[:lo], Part{}) // told, and unreadable
			break
		}
		id.parts = append(id.parts, Part{p.at, 9})
	}
	id.place(Ref{Index: SIREN}, lo)
}

// New keeps of the raw claims those that were asked for.
func New(requested []Ref, raw map[string]any) *Set {
	id := new(Set)
	for _, c := range requested {
		switch {
		case c.Index < 0:
			id.Put(c, Read(KindText, customAt(raw["custom"], c.Name[len(CustomPrefix):])))
		case c.Index == SIREN:
			id.setSIREN()
		default:
			id.Put(c, c.read(raw[c.Name]))
		}
	}
	return id
}

// Sort puts claims in the order in which New reads them: siret
// before siren, custom claims last by name.
func Sort(requested []Ref) {
	slices.SortFunc(requested, func(a, b Ref) int {
		return cmp.Or(cmp.Compare(uint(a.Index), uint(b.Index)), cmp.Compare(a.Name, b.Name)) // uint(-1) is last
	})
}

// Text returns a claim by name, lists joined by a space; empty for one that is not
// known, or not told.
func (id *Set) Text(name string) string {
	ref, ok := Lookup(name)
	if !ok {
		return ""
	}
	return strings.Join(id.Values(ref), " ")
}

// Name is how to address the person.
func (id *Set) Name() string {
	return strings.TrimSpace(id.First(GivenName) + " " + id.First(UsualName))
}

// Largest names the claim that weighs most.
func (id *Set) Largest() (name string) {
	size := -1
	for claim, values := range id.All() {
		if n := len(strings.Join(values, "")); n > size {
			name, size = claim.Name, n
		}
	}
	return name
}
