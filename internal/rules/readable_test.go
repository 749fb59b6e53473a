package rules

import (
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
)

// The rules do not lean on what reads the claims: a value that has not the shape which
// a field compares is as good as none, and one that is there is not absent.
func TestValuesOfAnotherShape(t *testing.T) {
	for name, c := range map[string]struct{ rules, claim, value string }{
		"two @":                      {"allow email *@gouv.fr", "email", "a@evil.fr@gouv.fr"},
		"two @, out of a not":        {"allow not email *@evil.fr", "email", "a@gouv.fr@evil.fr"},
		"no @":                       {"allow not email *@evil.fr", "email", "gouv.fr"},
		"a SIRET of 13 digits":       {"allow not siret 13002526500013", "siret", "1300252650001"},
		"an email that is there":     {"allow email absent", "email", "a@b@c"},
		"a SIRET that is there":      {"allow siret absent", "siret", "1"},
		"organizational_unit, empty": {"allow organizational_unit absent", "organizational_unit", ""},
	} {
		t.Run(name, func(t *testing.T) {
			set, id := mustCompile(t, parseRules(t, c.rules)), new(claims.Set)
			id.Put(mustClaim(t, c.claim), []string{c.value})
			if d := set.Decide(id); d.Outcome != Deny {
				t.Errorf("%q: %s", c.value, d.Outcome)
			}
		})
	}
}
