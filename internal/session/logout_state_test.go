package session

import (
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

// The state of a logout says where and when it began to this client alone, and is none of
// the other things that are sealed.
func TestLogoutStates(t *testing.T) {
	keeper := func(client string) *Keeper {
		return New(Config{Name: "proconnect", Lifetime: time.Hour, Keys: seal.NewKeyring([]byte("0123456789abcdef0123456789abcdef")), Issuer: "issuer", ClientID: client})
	}
	k, o, now := keeper("client"), origin.Of("pr-1.example.gouv.fr:8443", true), time.Unix(1_800_000_000, 0)
	state, err := k.LogoutState(t.Context(), o, now)
	if err != nil {
		t.Fatal(err)
	}
	if site, began, ok := k.OpenLogoutState(t.Context(), state); !ok || site != "https://pr-1.example.gouv.fr:8443" || !began.Equal(now) {
		t.Errorf("got %q, %s, %v", site, began, ok)
	}
	if again, err := k.LogoutState(t.Context(), o, now); err != nil || again == state {
		t.Error("two logouts have the same state", err)
	}
	form := k.LogoutToken(t.Context(), o, Family{}, now)
	for name, other := range map[string]string{"a form's token": form, "nothing": "", "half of one": state[:len(state)/2], "one with a newline": state[:8] + "\n" + state[8:]} {
		if _, _, ok := k.OpenLogoutState(t.Context(), other); ok {
			t.Errorf("%s is taken for a logout's state", name)
		}
	}
	if _, _, ok := keeper("other").OpenLogoutState(t.Context(), state); ok {
		t.Error("another client's opens")
	}
	for age, want := range map[time.Duration]bool{0: true, 10 * time.Minute: true, 10*time.Minute + time.Second: false, -clockSkew: true, -clockSkew - time.Second: false} {
		if got := LogoutUnderWay(now, now.Add(age)); got != want {
			t.Errorf("after %s under way: %v", age, got)
		}
	}
}
