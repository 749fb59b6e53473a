package claims

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func stated(t *testing.T, text string) Stated {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	s := make(Stated)
	if err := dec.Decode(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

// Stated claims make the person that a login with them would: lists stay lists, siren is
// derived, what is not stated is absent and not unasked.
func TestStatedMakesAPerson(t *testing.T) {
	s := stated(t, `{"siret": "130 025 265 00013", "roles": ["agent_public"], "custom.a.b": "x", "phone_number": "1"}`)
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	custom, _ := Lookup("custom.a.b")
	requested := []Ref{RefOf(Email), RefOf(SIRET), RefOf(SIREN), RefOf(Roles), custom}
	id := s.Set(requested)
	for claim, want := range map[string]string{"siret": "13002526500013", "siren": "130025265", "roles": "agent_public", "custom.a.b": "x", "email": ""} {
		if got := id.Text(claim); got != want {
			t.Errorf("%s: got %q, want %q", claim, got, want)
		}
	}
	if _, asked := id.Find(RefOf(Email)); !asked {
		t.Error("email was asked for, and is not told: it is absent")
	}
	if got := s.Unasked(requested); !slices.Equal(got, []string{"phone_number"}) {
		t.Errorf("not asked for: %q", got)
	}
}

// A claim that is null is told and cannot be read: to the rules it is neither a value nor
// absent, and what follows from it is not either.
func TestStatedNullIsUnreadable(t *testing.T) {
	s := stated(t, `{"siret": null, "siren": null, "roles": null, "custom.a": null, "uid": "x"}`)
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	custom, _ := Lookup("custom.a")
	id := s.Set([]Ref{RefOf(Email), RefOf(UID), RefOf(SIRET), RefOf(SIREN), RefOf(Roles), custom})
	var unreadable []string
	for ref := range id.Unreadable() {
		unreadable = append(unreadable, ref.Name)
	}
	slices.Sort(unreadable)
	if want := []string{"custom.a", "roles", "siren", "siret"}; !slices.Equal(unreadable, want) {
		t.Errorf("unreadable are %q, want %q", unreadable, want)
	}
}

// What ProConnect would never say is refused: an answer about it would be about nobody.
func TestStatedRefusesWhatCannotBe(t *testing.T) {
	for _, text := range []string{
		`{"Siret": "13002526500013"}`, `{"siret": "13002526500012"}`, `{"siret": "130025265"}`, `{"siret": ""}`,
		`{"siren": "130025265"}`, `{"siret": "13002526500013", "siren": "219200235"}`, `{"email": "a@b@c"}`, `{"sub": "a\u0000b"}`,
		`{"roles": [{}]}`, `{"custom": {"a": 1}}`, `{"name": "Jeanne"}`,
	} {
		if err := stated(t, text).Check(); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}
