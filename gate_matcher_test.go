package proconnect_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A gate that a proconnect matcher guards can only narrow what a gate before it
// decided: of a stranger the matcher is false, so alone it would open the site.
func TestGateGuardedByTheMatcher(t *testing.T) {
	const contractors = "@contractors proconnect belonging_population prestataire"
	for name, c := range map[string]struct {
		sites string
		want  int
	}{
		"alone": {"unread {\nproconnect @contractors {\n allow mfa\n}\n}", http.StatusInternalServerError},
		"after a gate that does not gate here": {
			"proconnect /admin/* {\n allow any\n}\nproconnect @contractors {\n allow mfa\n}", http.StatusInternalServerError,
		},
		"after a gate": {"proconnect {\n allow any\n}\nproconnect @contractors {\n allow mfa\n}", http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			s := caddytest.Start(t, caddytest.Sandbox, "http://localhost:{$PORT} {\n"+contractors+"\n"+c.sites+"\nrespond inside\n}")
			a := s.Browser("http://localhost:{$PORT}").Visit("/")
			if a.StatusCode != c.want || strings.Contains(a.Text, "inside") {
				t.Errorf("a stranger got %d: %s", a.StatusCode, a.Text)
			}
		})
	}
}

// People whom the first gate admits, and the second only if they are meant.
func TestGateNarrowsByTheMatcher(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `http://localhost:{$PORT} {
	@contractors proconnect belonging_population prestataire
	proconnect {
		allow any
	}
	proconnect @contractors {
		allow mfa
	}
	respond inside
}`)
	for name, c := range map[string]struct {
		person url.Values
		want   int
	}{
		"an agent":                {url.Values{"person": {"ministry"}}, http.StatusOK},
		"a contractor":            {url.Values{"person": {"contractor"}}, http.StatusSeeOther},
		"somebody who may be one": {url.Values{"person": {"contractor"}, "belonging_population": {""}}, http.StatusSeeOther},
	} {
		b := s.Browser("http://localhost:{$PORT}")
		b.Authorize(b.Visit("/.proconnect/login"), c.person)
		if a := b.Visit("/"); a.StatusCode != c.want {
			t.Errorf("%s: got %d, want %d: %s", name, a.StatusCode, c.want, a.Page())
		}
	}
}

// What ProConnect did not tell, or what may stand on a line of a list that cannot be
// read, matches neither a condition nor Caddy's `not` around it.
func TestMatcherOfTheUnknown(t *testing.T) {
	s := caddytest.New(t)
	s.Write("list.txt", "13002526500013\n2192002350001\n") // a digit was lost
	s.Run(caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	@contractor proconnect belonging_population prestataire
	@staff not proconnect belonging_population prestataire
	@twice {
		not {
			not {
				proconnect belonging_population prestataire
			}
		}
	}
	@listed proconnect siret from {$DIR}/list.txt
	@unlisted not proconnect siret from {$DIR}/list.txt
	route {
		header @contractor +Matched contractor
		header @staff +Matched staff
		header @twice +Matched twice
		header @listed +Matched listed
		header @unlisted +Matched unlisted
		respond "in"
	}
}`)
	for name, c := range map[string]struct {
		person url.Values
		want   string
	}{
		"told":      {url.Values{"person": {"contractor"}}, "contractor twice listed"},
		"told not":  {url.Values{"person": {"ministry"}}, "staff listed"},
		"not told":  {url.Values{"person": {"ministry"}, "belonging_population": {""}}, "listed"},
		"on a line": {url.Values{"person": {"ministry"}, "siret": {"21920023500014"}}, "staff"},
	} {
		t.Run(name, func(t *testing.T) {
			s.T = t
			b := s.Browser("http://localhost:{$PORT}")
			a := b.Login("/", c.person)
			if got := strings.Join(a.Header.Values("Matched"), " "); a.Text != "in" || got != c.want {
				t.Errorf("got %d, matched %q, want %q", a.StatusCode, got, c.want)
			}
		})
	}
}
