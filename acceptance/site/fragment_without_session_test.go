package site_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// Anybody may write since when a page stands into a link. Whoever has no session goes to
// ProConnect, whatever it says: the page that was asked for would send them here again.
func TestFragmentPageOfAnyTimeGoesToProConnect(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, "http://localhost:{$PORT} {\n proconnect {\n allow any\n login auto\n }\n respond inside\n}")
	for _, since := range []string{"", "-1", "-9223372036854775808", "9223372036854775807", "x"} {
		b := s.Browser("http://localhost:{$PORT}")
		b.Request(http.MethodGet, "/", nil) // the page that gives the browser its secret
		a := b.Request(http.MethodGet, "/.proconnect/login?return_to=/x&step=auto&since="+since, nil)
		if to := a.Header.Get("Location"); !strings.Contains(to, "/authorize?") {
			t.Errorf("since %q: %d to %q, page %q", since, a.StatusCode, to, a.Page())
		}
	}
}
