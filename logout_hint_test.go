package proconnect_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// nginxHead is what nginx takes of an answer's headers by default (proxy_buffer_size);
// what is over, people get as its 502.
const nginxHead = 4096

// sizeOf is what an answer's headers weigh.
func sizeOf(a caddytest.Answer) int {
	var b strings.Builder
	_ = a.Header.Write(&b)
	return len("HTTP/1.1 303 See Other\r\n") + b.Len() + len("\r\n")
}

// The ID token is a hint at most: where it would make an answer's headers larger than
// nginx takes, no answer of a login or a logout carries it.
func TestHeadersFitThroughNginx(t *testing.T) {
	for name, tt := range map[string]struct {
		pad, target int
		hint        bool
	}{
		"small":                       {100, 10, true},
		"a long target":               {1100, 1000, false},
		"the same, and a short one":   {1100, 10, true},
		"a long token":                {2300, 10, false},
		"so long that it fits in one": {1500, 10, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := caddytest.NewProvider(t)
			p.Pad = strings.Repeat("x", tt.pad)
			s := caddytest.Start(t, p.Option(), logoutSite)
			b := s.Browser("http://localhost:{$PORT}")
			a := b.Visit("/.proconnect/login?return_to=" + url.QueryEscape("/"+strings.Repeat("y", tt.target)))
			for range 3 {
				if a.StatusCode != http.StatusSeeOther {
					break
				}
				if a = b.Visit(a.RedirectURL()); sizeOf(a) > nginxHead {
					t.Errorf("%d with headers of %d bytes", a.StatusCode, sizeOf(a))
				}
			}
			if !strings.HasPrefix(a.Text, "inside") {
				t.Fatalf("login: %d, page %q", a.StatusCode, a.Page())
			}
			a = b.Visit("/.proconnect/logout")
			if a.StatusCode != http.StatusSeeOther || sizeOf(a) > nginxHead {
				t.Errorf("logout: %d with headers of %d bytes", a.StatusCode, sizeOf(a))
			}
			location, err := url.Parse(a.RedirectURL())
			if err != nil {
				t.Fatal(err)
			}
			if q := location.Query(); q.Has("id_token_hint") != tt.hint || q.Has("client_id") == tt.hint {
				t.Errorf("the logout leads to %s", a.RedirectURL())
			}
		})
	}
}
