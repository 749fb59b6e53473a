package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/siret"
)

func TestAllowMakesNoGarbage(t *testing.T) {
	for name, text := range benchmarkRules(t, 1000) {
		rs, id := benchmarkSet(t, text)
		if n := testing.AllocsPerRun(100, func() {
			if d := rs.Decide(id).RequireACR(id, MFA); d.Outcome != Allow {
				t.Fatal(d.Reason())
			}
		}); n != 0 {
			t.Errorf("%s: %g allocations", name, n)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	for name, text := range benchmarkRules(b, 500_000) {
		b.Run(name, func(b *testing.B) {
			rs, id := benchmarkSet(b, text)
			b.ReportAllocs()
			for b.Loop() {
				if rs.Decide(id).Outcome != Allow {
					b.Fatal("refused")
				}
			}
		})
	}
}

// benchmarkRules are rules of which the last lets the person in.
func benchmarkRules(t testing.TB, lines int) map[string]string {
	t.Helper()
	const last = "allow {\n siren 130025265\n roles agent_public\n not belonging_population prestataire\n email *@*.gouv.fr\n mfa\n}\n"
	var many strings.Builder
	for i := range 49 {
		fmt.Fprintf(&many, "allow {\n roles agent_public\n organizational_unit unit%d other*%d\n}\n", i, i)
	}
	path, one := filepath.Join(t.TempDir(), "list.txt"), filepath.Join(t.TempDir(), "one.txt")
	if err := os.WriteFile(one, []byte("13002526500013\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("13002526500013\n"+manySIRETs(lines-1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"1 rule":                               last,
		"a list of 1":                          "allow siret from " + one,
		"50 rules":                             many.String() + last,
		fmt.Sprintf("a list of %d", lines):     "allow siret from " + path,
		fmt.Sprintf("not a list of %d", lines): "allow siren 130025265\ndeny {\n siret from " + path + "\n not siren 130025265\n}",
	}
}

// manySIRETs returns n lines.
func manySIRETs(n int) string {
	var s strings.Builder
	for body := int64(2_000_000_000_000); n > 0; body += 7919 {
		for d := range 10 {
			if v := fmt.Sprintf("%013d%d", body, d); siret.Valid(v) {
				s.WriteString(v + "\n")
				n--
			}
		}
	}
	return s.String()
}

func benchmarkSet(t testing.TB, text string) (*Set, *claims.Set) {
	t.Helper()
	rs, err := Compile(parseRules(t, text), noLists())
	if err != nil {
		t.Fatal(err)
	}
	asked := rs.Needs()
	for _, name := range []string{"acr", "organizational_unit", "email", "roles", "belonging_population", "siret", "siren"} {
		asked = appendNew(asked, mustClaim(t, name))
	}
	return rs, newTestIdentity(t, asked, `{
		"siret": "13002526500013", "roles": ["agent_public_etat", "agent_public"], "belonging_population": "Agent",
		"organizational_unit": "Direction interministérielle du numérique", "email": "Jean.Dupont@modernisation.gouv.fr", "acr": "eidas1-mfa"}`)
}
