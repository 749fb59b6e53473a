package proconnect_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// `caddy validate`, and a reload that fails further down, must not be noticed
// outside: no request to ProConnect, no key in the storage.
func TestValidateTouchesNothing(t *testing.T) {
	var asked atomic.Int64
	provider := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer provider.Close()
	storage := t.TempDir()
	dir := surroundings(t)
	config, err := adapt(strings.NewReplacer("DIR", dir, "ISSUER", provider.URL).Replace(`{
	proconnect {
		issuer ISSUER/api/v2
		client_id {env.PROCONNECT_CLIENT_ID}
		client_secret {env.PROCONNECT_CLIENT_SECRET}
	}
	proconnect demo {
		environment sandbox
	}
}
http://localhost:8080 {
	proconnect {
		allow siret from DIR/communes.txt
	}
	@mfa proconnect mfa
	respond @mfa "two factors"
}
http://localhost:8081 {
	proconnect {
		client demo
		allow any
	}
}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := validateIn(t, config, storage); err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadDir(storage); err != nil || len(kept) > 0 {
		t.Errorf("the storage holds %v, %v", kept, err)
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("ProConnect was asked %d times", n)
	}
}

// ProConnect down is not the site down: Caddy starts, what is not gated is
// served, and a login gets a page that says so.
func TestStartsWithoutProvider(t *testing.T) {
	t.Setenv("PROCONNECT_CLIENT_SECRET", clientSecret)
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
		if len(a.Cookies()) > 0 {
			t.Errorf("%s: a login that cannot start left %v", c.target, a.Cookies())
		}
	}
	if a := b.Visit("/docs/", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Accept", "application/json"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("a script got %d, want 401", a.StatusCode)
	}
	if log := s.Logs(); !strings.Contains(log, "let this machine reach http://127.0.0.1:1/api/v2 through the firewall, or set HTTPS_PROXY") {
		t.Error("the log does not say what to do")
	}
}
