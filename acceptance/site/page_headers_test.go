package site_test

import (
	"net/http"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A page of ours differs by language and by person, and no search engine lists it.
func TestPageHeaders(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, "http://localhost:{$PORT} {\n proconnect {\n allow any\n }\n respond \"protected\"\n}")
	b := s.Browser("http://localhost:{$PORT}")
	for name, a := range map[string]caddytest.Answer{
		"page": b.Visit("/wanted"), "redirect": b.Visit("/.proconnect/login"), "program": b.Visit("/api", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"),
	} {
		want := map[string]string{"page": "Accept-Language, Cookie", "redirect": "", "program": "Cookie"}[name]
		if got := a.Header.Get("Vary"); got != want {
			t.Errorf("%s: Vary is %q, want %q", name, got, want)
		}
		if got := a.Header.Get("X-Robots-Tag"); got != "noindex" {
			t.Errorf("%s: X-Robots-Tag is %q", name, got)
		}
		if got := a.Header.Get("X-Content-Type-Options"); name != "redirect" && got != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options is %q", name, got)
		}
		// RFC 9110 §15.5.2: a 401 names a scheme.
		if scheme := a.Header.Get("WWW-Authenticate"); (scheme != "") != (a.StatusCode == http.StatusUnauthorized) {
			t.Errorf("%s: %d with WWW-Authenticate %q", name, a.StatusCode, scheme)
		}
		if a.StatusCode != http.StatusUnauthorized && a.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
}
