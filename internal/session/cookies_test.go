package session

import (
	"net/http"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"
)

func TestFindCookie(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		want  string
		ok    bool
	}{
		"alone":            {[]string{"__Host-proconnect=v"}, "v", true},
		"among others":     {[]string{"a=1; __Host-proconnect=v; b=2"}, "v", true},
		"without spaces":   {[]string{"a=1;__Host-proconnect=v"}, "v", true},
		"on another line":  {[]string{"a=1", "__Host-proconnect=v"}, "v", true},
		"value with =":     {[]string{"__Host-proconnect=v=w"}, "v=w", true},
		"not there":        {[]string{"proconnect=v; __Host-proconnect_login=x"}, "", false},
		"twice":            {[]string{"__Host-proconnect=v; __Host-proconnect=w"}, "", false},
		"on two lines":     {[]string{"__Host-proconnect=v", "__Host-proconnect=w"}, "", false},
		"in a value":       {[]string{`a="; __Host-proconnect=v`}, "v", true},
		"other case":       {[]string{"__host-proconnect=v"}, "", false},
		"none":             {nil, "", false},
		"only separators":  {[]string{";;; ;"}, "", false},
		"a space before =": {[]string{"__Host-proconnect =v"}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := findCookie(c.lines, "__Host-proconnect")
			if got != c.want || ok != c.ok {
				t.Errorf("got %q, %v", got, ok)
			}
		})
	}
}

// Nothing that a client of ours sets is left out of the grammar.
func TestEveryCookieNameIsHidden(t *testing.T) {
	for _, secure := range []bool{false, true} {
		n := newCookieNames("proconnect-agents", secure)
		for _, name := range []string{n.session, n.seen, n.login + "0123456789", n.idToken, n.logout, n.rounds} {
			h := http.Header{"Cookie": {name + "=v"}}
			if upstream.HideCookies(h, "proconnect-agents"); len(h) > 0 {
				t.Errorf("%s reaches the site", name)
			}
		}
	}
}
