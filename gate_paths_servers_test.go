package proconnect_test

import (
	"net/http"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// What the trial against real servers found: each was served by the server named.
func TestGateReadsWhatRealServersServed(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, gatedSites)
	tests := []struct{ site, target, server string }{
		{"exempt", "//public/public/s", "express, koa, hono: an empty name is a name"},
		{"pdf", "/re;port.pdf;x=y", "Jetty 9.4: only the last parameter is one"},
		{"exempt", "/public/s:80", "PHP: parse_url knows no path"},
		{"exempt", "/public/s/:80/", "PHP: parse_url knows no path"},
	}
	for _, tt := range tests {
		t.Run(tt.site+" "+tt.target, func(t *testing.T) {
			if a := s.Browser("http://" + tt.site + ".localhost:{$PORT}").Visit(tt.target); a.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s: got %d, want 401", tt.server, a.StatusCode)
			}
		})
	}
}
