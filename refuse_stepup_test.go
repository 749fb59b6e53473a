package proconnect

import (
	"net/http/httptest"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// A step-up that somebody else began in this browser and did not finish says nothing
// of the person who is logged in by now: they are asked for the level themselves.
func TestStepUpOfAnotherSessionIsNotRemembered(t *testing.T) {
	h, _ := benchGate(t, benchRules...)
	for name, mine := range map[string]bool{"of this session": true, "of another": false} {
		t.Run(name, func(t *testing.T) {
			q := &request{gate: h, origin: origin.Of("docs.example.gouv.fr", true), session: *benchSession(h.client.keeper)}
			w := httptest.NewRecorder()
			a := &session.Attempt{ACR: []string{"eidas2"}, Family: session.Family{1}}
			if mine {
				a.Family = q.session.Family
			}
			q.answer(w, httptest.NewRequest("GET", "/", nil)).rememberStepUp(a)
			if remembered := len(w.Result().Cookies()) > 0; remembered != mine {
				t.Errorf("it is remembered: %t", remembered)
			}
		})
	}
}
