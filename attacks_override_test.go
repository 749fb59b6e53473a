package proconnect_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// nginx' proxy_cache obeys X-Accel-Expires before Cache-Control, private or not;
// Akamai's edge obeys Edge-Control.
func TestAttackCacheOverrides(t *testing.T) {
	up := caddytest.Echo(t, "X-Accel-Expires", "3600", "Edge-Control", "cache-maxage=1d", "Cache-Control", "public, max-age=60")
	s := caddytest.Start(t, caddytest.Sandbox, strings.ReplaceAll(readingSites, "UPSTREAM", up.Addr()))
	a := s.Browser("http://exempt.localhost:{$PORT}").Login("/x", url.Values{"person": {"ministry"}})
	for _, name := range []string{"X-Accel-Expires", "Edge-Control"} {
		if a.StatusCode != http.StatusOK || a.Header.Get(name) != "" {
			t.Errorf("%d, %s: %s", a.StatusCode, name, a.Header.Get(name))
		}
	}
}
