package commands

import "testing"

// Every professional but these: explain tells, beside the rule that lets everybody in, the
// deny that does not, and that what is not told counts as denied.
func TestExplainEverybodyBut(t *testing.T) {
	s := newShell(t, "SECRET=a-secret-of-some-length")
	s.write("Caddyfile", productionClient+`
docs.example.gouv.fr {
	proconnect {
		allow any
		deny siren 219200235
	}
	file_server
}
`)
	for name, c := range map[string]struct {
		claim, want string
		code        int
	}{
		"another one": {"siret=13002526500013", `https://docs.example.gouv.fr/
  gate 1, everything: allow
    ✓ allow any
    ✗ deny siren 219200235 → has 130025265
  then file_server

ADMITTED

`, 0},
		"one of these": {"siret=21920023500014", `https://docs.example.gouv.fr/
  gate 1, everything: deny
    ✓ allow any
    ✓ deny siren 219200235 → has 219200235
    to enter: rule 2, a deny, would have to be false: not: siren 219200235

REFUSED at gate 1

`, 1},
		"one of whom it is not told": {"given_name=Camille", `https://docs.example.gouv.fr/
  gate 1, everything: deny
    ✓ allow any
    ? deny siren 219200235 → not told
    to enter: rule 2, a deny, would have to be false: siren told by ProConnect,
              and not one of: siren 219200235

REFUSED at gate 1

`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.proconnect("explain", "--url", "https://docs.example.gouv.fr/", "--claim", c.claim).want(t, c.code)
			if a.out != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", a.out, c.want)
			}
			fits(t, a.out)
		})
	}
}
