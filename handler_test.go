package proconnect_test

import (
	"net/url"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A gate that admits does not change what an optional one before it said.
func TestRefusalStandsWithItsReason(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow roles agent_public_territorial
		optional
	}
	proconnect {
		allow any
	}
	respond "{http.proconnect.decision}: {http.proconnect.reason}"
}`)
	a := s.Browser("http://localhost:{$PORT}").Login("/", url.Values{"person": {"ministry"}})
	if want := "deny: no rule matched: rule 1: roles failed"; a.Text != want {
		t.Errorf("got %s, want %s", a.Text, want)
	}
}
