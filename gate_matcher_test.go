package proconnect_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A gate that a proconnect matcher guards can only narrow what a gate before it
// decided: of a stranger the matcher is false, so alone it would open the site.
func TestGateGuardedByTheMatcher(t *testing.T) {
	const contractors = "@contractors proconnect belonging_population prestataire"
	for name, c := range map[string]struct {
		sites string
		want  int
	}{
		"alone": {"proconnect @contractors {\n allow mfa\n}", http.StatusInternalServerError},
		"after a gate that does not gate here": {
			"proconnect /admin/* {\n allow any\n}\nproconnect @contractors {\n allow mfa\n}", http.StatusInternalServerError,
		},
		"after a gate": {"proconnect {\n allow any\n}\nproconnect @contractors {\n allow mfa\n}", http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, sandboxLink, "http://localhost:{$PORT} {\n"+contractors+"\n"+c.sites+"\nrespond inside\n}")
			a := s.browser("http://localhost:{$PORT}").get("/")
			if a.StatusCode != c.want || strings.Contains(a.Text, "inside") {
				t.Errorf("a stranger got %d: %s", a.StatusCode, a.Text)
			}
		})
	}
}

// People whom the first gate admits, and the second only if they are meant.
func TestGateNarrowsByTheMatcher(t *testing.T) {
	s := start(t, sandboxLink, `http://localhost:{$PORT} {
	@contractors proconnect belonging_population prestataire
	proconnect {
		allow any
	}
	proconnect @contractors {
		allow mfa
	}
	respond inside
}`)
	for person, want := range map[string]int{"ministry": http.StatusOK, "contractor": http.StatusSeeOther} {
		b := s.browser("http://localhost:{$PORT}")
		b.authorize(b.get("/.proconnect/login"), url.Values{"person": {person}})
		if a := b.get("/"); a.StatusCode != want {
			t.Errorf("%s: got %d, want %d: %s", person, a.StatusCode, want, a.page())
		}
	}
}
