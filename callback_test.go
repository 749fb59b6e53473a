package proconnect_test

import (
	"net/http"
	"testing"
)

// The address of a callback holds a code, which may still be worth something:
// the pages there tell it to nobody, not even to the site behind the gate.
func TestCallbackReferrer(t *testing.T) {
	s := start(t, sandboxLink, `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
}`)
	b := s.browser("http://localhost:{$PORT}")
	for target, want := range map[string]string{
		"/.proconnect/callback?code=c0de&state=of-another-browser": "no-referrer",
		"/docs": "same-origin",
	} {
		a := b.get(target)
		if got := a.Header.Get("Referrer-Policy"); a.StatusCode < http.StatusBadRequest || got != want {
			t.Errorf("%s: %d with Referrer-Policy %q, want %q", target, a.StatusCode, got, want)
		}
	}
}
