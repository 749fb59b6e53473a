package proconnect_test

import (
	"net/url"
	"testing"
)

// A gate that admits does not change what an optional one before it said.
func TestRefusalStandsWithItsReason(t *testing.T) {
	s := start(t, sandboxLink, `
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
	a := s.browser("http://localhost:{$PORT}").login("/", url.Values{"person": {"ministry"}})
	if want := "deny: no rule matched: rule 1: roles failed"; a.Text != want {
		t.Errorf("got %s, want %s", a.Text, want)
	}
}
