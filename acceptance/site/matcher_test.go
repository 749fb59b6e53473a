package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// "matcher `proconnect`, also under `not`, where no gate ran": 500, never a
// match; behind a gate it is false of strangers and of the refused.
func TestMatcher(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox+"\n local_certs", `
https://nowhere.localhost:{$TLS_PORT} {
	unread {
		@state proconnect roles agent_public_etat
		respond @state "matched"
	}
	respond "not matched"
}
https://not.localhost:{$TLS_PORT} {
	unread {
		@strangers not proconnect any
		respond @strangers "matched"
	}
	respond "not matched"
}
https://before.localhost:{$TLS_PORT} {
	unread {
		@strangers not proconnect roles agent_public_etat
		header @strangers X-Matched yes
	}
	proconnect {
		allow any
	}
	respond "inside"
}
https://behind.localhost:{$TLS_PORT} {
	proconnect {
		allow roles agent_public
		optional
	}
	@state proconnect roles agent_public_etat
	@others not proconnect roles agent_public_etat
	handle @state {
		respond "state"
	}
	handle @others {
		respond "others"
	}
}
https://part.localhost:{$TLS_PORT} {
	proconnect /admin/* {
		allow any
	}
	@others not proconnect any
	respond @others "others"
	respond "members"
}`)
	for _, site := range []string{"nowhere", "not", "before"} {
		b := s.Browser("https://" + site + ".localhost:{$TLS_PORT}")
		for _, protocol := range caddytest.Protocols {
			t.Run("no gate ran: "+site+" "+protocol, func(t *testing.T) {
				a := s.Speaking(t, b, protocol).Visit("/")
				if a.StatusCode != http.StatusInternalServerError || a.Text != "" || a.Header.Get("X-Matched") != "" {
					t.Errorf("got %d: %s", a.StatusCode, a.Text)
				}
			})
		}
	}
	if n, want := strings.Count(s.Logs(), "the matcher is tried where no gate has run"), 3*len(caddytest.Protocols); n != want {
		t.Errorf("logged %d times, want %d", n, want)
	}
	tests := []struct{ site, path, person, want string }{
		{"behind", "/", "", "others"},
		{"behind", "/", "ministry", "state"},
		{"behind", "/", "commune", "others"},
		{"behind", "/", "private", "others"}, // refused by the gate
		{"part", "/x", "", "others"},
		{"part", "/x", "ministry", "others"}, // the gate did not look
		{"part", "/admin/x", "ministry", "members"},
	}
	for _, tt := range tests {
		b := s.Browser("https://" + tt.site + ".localhost:{$TLS_PORT}")
		if tt.person != "" {
			b.Login("/", url.Values{"person": {tt.person}})
		}
		for _, protocol := range caddytest.Protocols {
			t.Run(tt.site+tt.path+" "+tt.person+" "+protocol, func(t *testing.T) {
				if a := s.Speaking(t, b, protocol).Visit(tt.path); a.Text != tt.want {
					t.Errorf("got %d: %s, want %s", a.StatusCode, a.Text, tt.want)
				}
			})
		}
	}
}

// "matcher `proconnect` … two lines in one set": a configuration error.
func TestMatcherTwice(t *testing.T) {
	s := caddytest.New(t)
	_, err := s.TryAdapt(caddytest.Sandbox, `
http://localhost:{$PORT} {
	@x {
		proconnect roles agent_public
		proconnect siren 130025265
	}
	proconnect {
		allow any
	}
	respond @x "matched"
}`)
	if err == nil || !strings.Contains(err.Error(), "duplicate in one matcher") {
		t.Errorf("got %v", err)
	}
}

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
		b.Visit(b.Request(http.MethodPost, b.Visit("/.proconnect/login").RedirectURL(), c.person).RedirectURL())
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
