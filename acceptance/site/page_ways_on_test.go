package site_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

var pageButton = regexp.MustCompile(`<a class="button[^"]*" href="([^"]*)">`)

// waysOn are the buttons of a page, by where they lead.
func waysOn(a caddytest.Answer) (ways []string) {
	for _, m := range pageButton.FindAllStringSubmatch(a.Text, -1) {
		ways = append(ways, html.UnescapeString(m[1]))
	}
	return ways
}

// No button of a page leads back to that page: the site's first page is no way on for
// whom it refuses, too, nor is another try with the same account where ProConnect would
// say the same.
func TestPagesLeadNoRound(t *testing.T) {
	const home, away, again = "/", "/.proconnect/logout?then=login", "/.proconnect/login?"
	s := caddytest.Start(t, caddytest.Sandbox, `
http://part.localhost:{$PORT} {
	proconnect {
		allow any
	}
	proconnect /part/* {
		allow siren 356000000
	}
	respond inside
}
http://whole.localhost:{$PORT} {
	proconnect {
		allow any
	}
	proconnect {
		allow siren 356000000
	}
	respond inside
}
http://auto.localhost:{$PORT} {
	proconnect {
		allow any
		login auto
	}
	respond inside
}`)
	for name, tt := range map[string]struct {
		host, path, person, err string
		want                    []string // how the buttons begin
	}{
		"refused in a part":           {"part", "/part/x", "ministry", "", []string{home, away, "/.proconnect/logout"}},
		"refused at all":              {"whole", "/x", "ministry", "", []string{away, "/.proconnect/logout"}},
		"refused at the first page":   {"whole", "/", "ministry", "", []string{away, "/.proconnect/logout"}},
		"a directory that is down":    {"part", "/part/x", "lookup-down", "", []string{home, away, "/.proconnect/logout"}},
		"ProConnect refuses":          {"part", "/x", "ministry", "access_denied", []string{again, home}},
		"ProConnect refuses, at once": {"auto", "/x", "ministry", "access_denied", []string{again}},
	} {
		t.Run(name, func(t *testing.T) {
			b := s.Browser("http://" + tt.host + ".localhost:{$PORT}").For(t)
			form := url.Values{"person": {tt.person}}
			if tt.err != "" {
				form.Set("error", tt.err)
			}
			a := b.Login(tt.path, form)
			ways := waysOn(a)
			if len(ways) != len(tt.want) {
				t.Fatalf("%d, page %q: the buttons lead to %q, want %q", a.StatusCode, a.Page(), ways, tt.want)
			}
			for i, want := range tt.want {
				if !strings.HasPrefix(ways[i], want) || want == home && ways[i] != home {
					t.Errorf("button %d leads to %s, want %s…", i+1, ways[i], want)
				}
			}
		})
	}
}
