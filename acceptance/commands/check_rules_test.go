package commands

import (
	"encoding/json"
	"slices"
	"testing"
)

// A script that reads whom a gate admits sees the rules that are only tried as well, and
// apart from those that decide.
func TestCheckTellsProgramsTheRulesOfAReport(t *testing.T) {
	s := newShell(t, "SECRET=a-secret-of-some-length")
	s.write("Caddyfile", productionClient+`
docs.example.gouv.fr {
	proconnect {
		allow any
		report {
			allow siren 130025265
			allow mfa
		}
	}
	file_server
}
`)
	var got struct {
		Sites []struct {
			Gates []struct{ Rules, Report []string }
		}
	}
	a := s.proconnect("check", "--json").want(t, 0)
	if err := json.Unmarshal([]byte(a.out), &got); err != nil || len(got.Sites) != 1 || len(got.Sites[0].Gates) != 1 {
		t.Fatalf("%v in %s", err, a.out)
	}
	gate := got.Sites[0].Gates[0]
	if !slices.Equal(gate.Rules, []string{"allow any"}) || !slices.Equal(gate.Report, []string{"allow siren 130025265", "allow mfa"}) {
		t.Errorf("got %+v", gate)
	}
}
