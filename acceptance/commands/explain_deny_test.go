package commands

import (
	"strings"
	"testing"
)

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
    1 ✓ allow any
    2 ✗ deny siren 219200235 → has 130025265
  then file_server

ADMITTED

`, 0},
		"one of these": {"siret=21920023500014", `https://docs.example.gouv.fr/
  gate 1, everything: deny
    1 ✓ allow any
    2 ✓ deny siren 219200235 → has 219200235
    to enter: rule 2, a deny, would have to be false: not: siren 219200235

REFUSED at gate 1

`, 1},
		"one of whom it is not told": {"given_name=Camille", `https://docs.example.gouv.fr/
  gate 1, everything: deny
    1 ✓ allow any
    2 ? deny siren 219200235 → not told
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

// What would let the person in is told whole: who takes out one deny of two is refused by
// the other, and who takes out both needs an allow and the level.
func TestExplainNamesAllThatWouldHaveToChange(t *testing.T) {
	s := newShell(t, "SECRET=a-secret-of-some-length")
	s.write("Caddyfile", productionClient+`
docs.example.gouv.fr {
	@one path /one /one/*
	proconnect @one {
		deny siren 130025265
		deny email *@example.gouv.fr
		allow siren 219200235
	}
	@either path /either /either/*
	proconnect @either {
		deny siren 130025265
		allow siren 219200235
		allow email agent@example.fr
		deny email *@example.gouv.fr
		mfa
	}
	@level path /level /level/*
	proconnect @level {
		allow siren 219200235
		allow email *@example.gouv.fr
		acr eidas2 eidas3
	}
	respond "inside"
}
`)
	for path, want := range map[string]string{
		"/one": `
    to enter: rule 1, a deny, would have to be false: not: siren 130025265
         and: rule 2, a deny, would have to be false: not: email
              *@example.gouv.fr
         and: rule 3 would have to be true: siren 219200235
`,
		"/either": `
    to enter: rule 1, a deny, would have to be false: not: siren 130025265
         and: rule 4, a deny, would have to be false: not: email
              *@example.gouv.fr
  and either: rule 2 would have to be true: siren 219200235
          or: rule 3 would have to be true: email agent@example.fr
         and: everybody needs a login with mfa
`,
		"/level": `
    to enter: everybody needs a login with acr eidas2 eidas3
`,
	} {
		t.Run(path, func(t *testing.T) {
			a := s.proconnect("explain", "--url", "https://docs.example.gouv.fr"+path,
				"--claim", "siret=13002526500013", "--claim", "email=jean@example.gouv.fr", "--claim", "acr=eidas1").want(t, 1)
			_, got, _ := strings.Cut(a.out, "    to enter:")
			got, _, _ = strings.Cut("\n    to enter:"+got, "\n\n")
			if got+"\n" != want {
				t.Errorf("got:%s\nwant:%s", got, want)
			}
			fits(t, a.out)
		})
	}
}
