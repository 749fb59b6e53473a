package commands

import (
	"strings"
	"testing"
)

// An address that no site of the configuration has is probably mistyped: that no gate is on
// its way says nothing of the site that was meant, and nobody gets in there.
func TestExplainOfAnAddressThatNothingAnswers(t *testing.T) {
	s := newShell(t, "SECRET=a-secret-of-some-length")
	s.write("Caddyfile", explainConfig)
	for url, nothing := range map[string]bool{
		"https://doc.example.gouv.fr/":          true,
		"https://docs.example.gouv.fr/open/x":   false, // a proxy
		"http://shop.example.gouv.fr/x":         false, // Caddy's own redirect
		"https://docs.example.gouv.fr/open/old": false,
	} {
		a := s.proconnect("explain", "--url", url, "--claim", "siret=13002526500013").want(t, map[bool]int{true: 1}[nothing])
		if got := strings.Contains(strings.Join(strings.Fields(a.out), " "), "does the configuration have this address?"); got != nothing {
			t.Errorf("%s", a.out)
		}
		if got := strings.Contains(a.out, "\nNOTHING: "); got != nothing {
			t.Errorf("%s", a.out)
		}
		fits(t, a.out)
	}
}
