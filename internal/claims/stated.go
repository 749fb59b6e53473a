package claims

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/near"
	"github.com/caddy-proconnect/caddy-proconnect/internal/siret"
)

// Stated are claims as somebody states them, by name: as the session document has them. One
// that is null is told, and cannot be read.
type Stated map[string]any

// Check refuses what ProConnect would never say: a claim that it does not have, a SIRET
// that cannot be, a value that is none.
func (s Stated) Check() error {
	for name, raw := range s {
		ref, ok := Lookup(name)
		if !ok {
			return fmt.Errorf("claim %q is none of ProConnect's: %swant one of %s, or custom.<path>", name, near.DidYouMean(name, Names()), strings.Join(Names(), ", "))
		}
		if raw == nil {
			continue
		}
		values := readValues(ref.Kind(), raw)
		if len(values) == 0 {
			return fmt.Errorf("claim %s: want %s; leave it out if ProConnect does not tell it", name, wanted(ref))
		}
		if err := checkNumbers(ref.Index, values); err != nil {
			return fmt.Errorf("claim %s: %w", name, err)
		}
	}
	return s.checkSIREN()
}

// wanted is what the value of a claim looks like.
func wanted(c Ref) string {
	switch {
	case c.Index == SIREN:
		return "nine digits"
	case c.Kind() == KindDigits:
		return "fourteen digits"
	case c.Kind() == KindEmail:
		return "an email address"
	}
	return "text, without control characters, braces and angle brackets"
}

func checkNumbers(index int, values []string) error {
	for _, v := range values {
		switch {
		case index == SIRET && !siret.IsSIRET(v):
			return fmt.Errorf("%q: want the fourteen digits of a SIRET", v)
		case index == SIREN && !siret.IsSIREN(v):
			return fmt.Errorf("%q: want the nine digits of a SIREN", v)
		case (index == SIRET || index == SIREN) && !siret.Valid(v):
			return fmt.Errorf("%q: the checksum fails, so no organisation has it: is a digit mistyped?", v)
		}
	}
	return nil
}

// checkSIREN refuses a SIREN that is not the SIRET's: it is derived from that, whatever
// ProConnect says.
func (s Stated) checkSIREN() error {
	stated := s[Table[SIREN].Name]
	if stated == nil {
		return nil
	}
	sirets := readValues(KindDigits, s[Table[SIRET].Name])
	for _, siren := range readValues(KindDigits, stated) {
		if !slices.ContainsFunc(sirets, func(v string) bool { return strings.HasPrefix(v, siren) }) {
			return fmt.Errorf("claim siren: it is the first nine digits of siret, which does not begin with %s: state the siret, fourteen digits", siren)
		}
	}
	return nil
}

// Set is who these claims say a person is, where a login asks for some. What it asks for
// and nobody states is what ProConnect does not tell.
func (s Stated) Set(requested []Ref) *Set {
	id := new(Set)
	for _, c := range requested {
		switch raw, told := s[c.Name]; {
		case c.Index == SIREN:
			id.setSIREN()
		case told && raw == nil:
			id.Put(c, []string{""})
		default:
			id.Put(c, c.read(raw))
		}
	}
	return id
}

// Unasked are the stated claims that a login does not ask for: nothing sees them.
func (s Stated) Unasked(requested []Ref) (names []string) {
	for name := range s {
		if ref, _ := Lookup(name); !slices.Contains(requested, ref) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
