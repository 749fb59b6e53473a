package site_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// ProConnect down is not the site down: Caddy starts, what is not gated is
// served, and a login gets a page that says so.
func TestStartsWithoutProvider(t *testing.T) {
	t.Setenv("PROCONNECT_CLIENT_SECRET", caddytest.ClientSecret)
	s := caddytest.Start(t, `proconnect {
		issuer http://127.0.0.1:1/api/v2
		client_id an-id
		client_secret {env.PROCONNECT_CLIENT_SECRET}
	}`, `
http://localhost:{$PORT} {
	proconnect /docs/* {
		allow any
	}
	proconnect /auto/* {
		allow any
		login auto
	}
	respond "inside {path}"
}`)
	b := s.Browser("http://localhost:{$PORT}")
	for _, c := range []struct {
		target string
		status int
		page   string
	}{
		{"/public", http.StatusOK, ""},
		{"/docs/", http.StatusUnauthorized, "login"},
		{"/.proconnect/login?return_to=%2Fdocs%2F", http.StatusServiceUnavailable, "problem provider_unavailable"},
		{"/auto/", http.StatusServiceUnavailable, "problem provider_unavailable"},
	} {
		a := b.Visit(c.target)
		if a.StatusCode != c.status || a.Page() != c.page {
			t.Errorf("%s: got %d, page %q; want %d, %q", c.target, a.StatusCode, a.Page(), c.status, c.page)
		}
		if down := c.status == http.StatusServiceUnavailable; down != (a.Header.Get("Retry-After") != "") {
			t.Errorf("%s: Retry-After %q", c.target, a.Header.Get("Retry-After"))
		}
		if b.FindCookie("_busy") != nil {
			t.Errorf("%s: a login that cannot start counts as one under way", c.target)
		}
	}
	if a := b.Visit("/docs/", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Accept", "application/json"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("a script got %d, want 401", a.StatusCode)
	}
	if log := s.Logs(); !strings.Contains(log, "let this machine reach http://127.0.0.1:1/api/v2 through the firewall, or set HTTPS_PROXY") {
		t.Error("the log does not say what to do")
	}
}
