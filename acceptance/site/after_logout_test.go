package site_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// After a logout people go on to where the operator says, whatever the address of the
// logged-out page holds.
func TestAfterLogout(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	proconnect /admin/* {
		allow any
		after_logout https://intranet.example.gouv.fr/au-revoir?de=docs
	}
	respond "inside"
}
http://path.localhost:{$PORT} {
	proconnect {
		allow any
		after_logout /au-revoir.html
	}
	respond "inside"
}
http://none.localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond "inside"
}`)
	for _, tt := range []struct{ site, refresh, link string }{
		{"http://localhost:{$PORT}", "0; url=https://intranet.example.gouv.fr/au-revoir?de=docs", `href="https://intranet.example.gouv.fr/au-revoir?de=docs"`},
		{"http://path.localhost:{$PORT}", "0; url=/au-revoir.html", `href="/au-revoir.html"`},
		{"http://none.localhost:{$PORT}", "", `href="/"`},
	} {
		t.Run(tt.site, func(t *testing.T) {
			b := s.Browser(tt.site).For(t)
			b.Login("/", url.Values{"person": {"ministry"}})
			for name, a := range map[string]caddytest.Answer{
				"the logout":  b.Follow(b.Visit("/.proconnect/logout")),
				"the address": b.Visit("/.proconnect/logged-out?after_logout=https://evil.example/&return_to=//evil.example&state=x"),
			} {
				if a.Page() != "logged-out" || a.Header.Get("Refresh") != tt.refresh || !strings.Contains(a.Text, tt.link) || strings.Contains(a.Text, "evil") {
					t.Errorf("%s: %d, page %q, Refresh %q: %s", name, a.StatusCode, a.Page(), a.Header.Get("Refresh"), a.Text)
				}
				if a.Header.Get("Clear-Site-Data") != `"cache"` {
					t.Errorf("%s: the browser keeps its pages", name)
				}
			}
		})
	}
}

// Where ProConnect could not be reached, the page stays: it says what is left to do.
func TestAfterLogoutHereOnly(t *testing.T) {
	p := caddytest.NewProvider(t)
	p.NoEndSession = true
	s := caddytest.Start(t, p.Option(), `
http://localhost:{$PORT} {
	proconnect {
		allow any
		after_logout /au-revoir.html
	}
	respond "inside"
}`)
	b := s.Browser("http://localhost:{$PORT}")
	b.LoginAt("/")
	a := b.Follow(b.Visit("/.proconnect/logout"))
	if a.Page() != "logged-out" || a.Header.Get("Refresh") != "" || !strings.Contains(a.Text, `href="/au-revoir.html"`) {
		t.Errorf("got %d, page %q, Refresh %q: %s", a.StatusCode, a.Page(), a.Header.Get("Refresh"), a.Text)
	}
}
