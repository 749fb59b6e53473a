package proconnect_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// nginx' proxy_cache obeys X-Accel-Expires before Cache-Control, private or not;
// Akamai's edge obeys Edge-Control.
func TestAttackCacheOverrides(t *testing.T) {
	up := echo(t, "X-Accel-Expires", "3600", "Edge-Control", "cache-maxage=1d", "Cache-Control", "public, max-age=60")
	s := start(t, sandboxLink, strings.ReplaceAll(readingSites, "UPSTREAM", up.addr()))
	a := s.browser("http://exempt.localhost:{$PORT}").login("/x", url.Values{"person": {"ministry"}})
	for _, name := range []string{"X-Accel-Expires", "Edge-Control"} {
		if a.StatusCode != http.StatusOK || a.Header.Get(name) != "" {
			t.Errorf("%d, %s: %s", a.StatusCode, name, a.Header.Get(name))
		}
	}
}
