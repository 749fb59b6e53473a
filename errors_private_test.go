package proconnect_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// The page of an error names whom the site likes, and 404 and 410 are kept by
// caches that nobody tells otherwise (RFC 9110 §15.1).
func TestErrorsArePrivate(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	header Cache-Control "public, max-age=600"
	proconnect {
		allow any
	}
	proconnect /closed {
		allow roles agent_public_territorial
		errors caddy
	}
	error 410
	handle_errors {
		respond "{err.status_code} {http.auth.user.email}{http.auth.candidate.email}"
	}
}
http://open.localhost:{$PORT} {
	header Cache-Control "public, max-age=600"
	proconnect {
		allow roles agent_public_territorial
		optional
	}
	error 410
	handle_errors {
		respond "{err.status_code} {http.auth.user.email}{http.auth.candidate.email}"
	}
}`)
	for target, want := range map[string]string{
		"http://localhost:{$PORT}/":       "private, max-age=600",
		"http://localhost:{$PORT}/closed": "private, no-store", // of the two gates on its way
		"http://open.localhost:{$PORT}/":  "private, max-age=600",
	} {
		t.Run(target, func(t *testing.T) {
			site, path, _ := strings.Cut(target, "PORT}")
			a := s.Browser(site+"PORT}").Login(path, url.Values{"person": {"ministry"}})
			if got := a.Header["Cache-Control"]; len(got) != 1 || got[0] != want || !strings.Contains(a.Text, "camille.exemple@") {
				t.Errorf("got %q, want %q: %s", got, want, a.Text)
			}
		})
	}
}
