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

// Of identity providers that cannot be read nobody can tell whether they are the same: the
// session of before is not continued, and nothing that was proven in it counts.
func TestNewSessionOfAnUnreadableProvider(t *testing.T) {
	h, _ := benchGate(t, benchRules...)
	c := h.client
	a := &session.Attempt{Scopes: c.asking().Scopes}
	login := func(old *session.Session, acr, provider string) *session.Session {
		return c.newSession(old, a, &rp.Result{Subject: "jean", ACR: acr, Claims: map[string]any{"idp_id": provider}}, time.Now())
	}
	first := login(new(session.Session), "eidas1-mfa", "{one}")
	second := login(first, "eidas1", "{other}")
	if got := second.Of(claims.ACR); second.Family == first.Family || !slices.Equal(got, []string{"eidas1"}) {
		t.Errorf("the same family: %t, levels %q", second.Family == first.Family, got)
	}
}
