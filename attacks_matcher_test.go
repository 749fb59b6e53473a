package proconnect_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// "matcher `proconnect`, also under `not`, where no gate ran": 500, never a
// match; behind a gate it is false of strangers and of the refused.
func TestAttackMatcher(t *testing.T) {
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
	s.Secure("nowhere.localhost", "not.localhost", "before.localhost", "behind.localhost", "part.localhost")
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
	if n, want := strings.Count(s.Logs(), "the matcher stands where no gate has run"), 3*len(caddytest.Protocols); n != want {
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
func TestAttackMatcherTwice(t *testing.T) {
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
	if err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("got %v", err)
	}
}
