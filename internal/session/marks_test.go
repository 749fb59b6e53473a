package session

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

// What is known of logins under way outlives the configuration in which they began, also
// where the next one has another storage: an answer counts once, of one browser one tab
// goes without a click, and an answer that is late puts no session of before back.
func TestLoginsUnderWayOutliveAConfiguration(t *testing.T) {
	keeper := func(s *Shared) *Keeper {
		return New(Config{
			Name: "proconnect", Lifetime: time.Hour, Keys: seal.NewKeyring([]byte("0123456789abcdef0123456789abcdef")),
			Issuer: "issuer", ClientID: "client", Shared: s,
		})
	}
	for name, next := range map[string]func(*Shared) *Shared{
		"the same storage": func(s *Shared) *Shared { return s },
		"another storage": func(s *Shared) *Shared {
			moved := NewShared(nil, "proconnect", nil)
			moved.Inherit(s)
			return moved
		},
	} {
		t.Run(name, func(t *testing.T) {
			shared := NewShared(nil, "proconnect", nil)
			before, after := keeper(shared), keeper(next(shared))
			o, now, a := origin.Of("docs.example", true), time.Now(), departing()
			if before.ConsumeAttempt(a, now); after.ConsumeAttempt(a, now) {
				t.Error("an answer counts once in each configuration")
			}
			begin := func(k *Keeper) bool {
				return k.BeginFlight(httptest.NewRecorder(), o, nil, Browser{1}, departing(), now)
			}
			if !begin(before) || begin(after) {
				t.Error("a tab goes in each configuration")
			}
			a.startedAt = now.Add(-time.Second).Unix()
			if before.Spend(Browser{2}); !after.Overtaken(Browser{2}, a, &Session{Family: Family{1}}) {
				t.Error("that another tab's answer brought a session is forgotten")
			}
		})
	}
}
