package site_test

import (
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A late header block changes what the gate answers, too. What the pages do not bear is
// told when the gate first sends itself its callback.
func TestLateHeadersAreTold(t *testing.T) {
	for name, tt := range map[string]struct{ block, told string }{
		"Cache-Control":          {">Cache-Control \"public, max-age=3600\"", `"headers":["Cache-Control"]`},
		"Referrer-Policy":        {"Referrer-Policy unsafe-url\n defer", `"headers":["Referrer-Policy"]`},
		"cookies":                {"-Set-Cookie\n -Server", `"headers":["Set-Cookie"]`},
		"frames":                 {"-X-Frame-Options\n >Content-Security-Policy \"default-src 'self'\"", `"headers":["X-Frame-Options"]`},
		"frames, otherwise":      {"-X-Frame-Options\n >Content-Security-Policy \"frame-ancestors 'self'\"", ""},
		"a policy of the site's": {"-Server\n >Content-Security-Policy \"default-src 'self'; form-action 'self'\"", ""},
		"a default":              {"?Cache-Control \"public, max-age=3600\"", ""},
		"at once":                {"Cache-Control \"public, max-age=3600\"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := caddytest.Start(t, caddytest.Sandbox, "http://localhost:{$PORT} {\n header {\n "+tt.block+"\n }\n proconnect {\n allow any\n }\n respond inside\n}")
			for range 2 {
				if a := s.Browser("http://localhost:{$PORT}").Visit("/"); a.Page() != "login" {
					t.Fatalf("%d, page %q", a.StatusCode, a.Page())
				}
			}
			const cause = "the site changes headers of the gate's own answers"
			if n := strings.Count(s.Logs(), cause); n != min(len(tt.told), 1) || !strings.Contains(s.Logs(), tt.told) {
				t.Errorf("told %d times, want %q once", n, tt.told)
			}
		})
	}
}
