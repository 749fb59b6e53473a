package proconnect

import (
	"slices"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// A login continues the same person's session with what was proven in it, but not one that
// an operator ended while ProConnect answered.
func TestNewSessionOfTheSamePerson(t *testing.T) {
	h, _ := benchGate(t, benchRules...)
	c := h.client
	old := benchSession(c.keeper)
	result := &rp.Result{Subject: old.First(claims.Sub), ACR: "eidas1", Claims: map[string]any{"idp_id": old.First(claims.IDPID)}}
	a := &session.Attempt{Scopes: c.asking().Scopes}
	s := c.newSession(old, a, result, time.Now())
	if got := s.Of(claims.ACR); s.Family != old.Family || !slices.Equal(got, []string{"eidas1-mfa", "eidas1"}) {
		t.Errorf("the same family: %t, levels %q", s.Family == old.Family, got)
	}
	if err := c.keeper.EndPeople(t.Context(), "sub", result.Subject); err != nil {
		t.Fatal(err)
	}
	s = c.newSession(old, a, result, time.Now())
	if got := s.Of(claims.ACR); s.Family == old.Family || !slices.Equal(got, []string{"eidas1"}) {
		t.Errorf("after its end: the same family: %t, levels %q", s.Family == old.Family, got)
	}
}
