package proconnect

import (
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
)

// Of two clocks that differ, the operator is told to set the one that they have.
func TestRemedyOfClockFaults(t *testing.T) {
	for whose, want := range map[rp.Whose]string{
		rp.WhoseOurs:    "set this machine's clock",
		rp.WhoseTheirs:  "this machine's clock is right",
		rp.WhoseUnknown: "check this machine's clock",
	} {
		e := &rp.Error{Stage: rp.StageToken, Kind: rp.Invalid, Reason: rp.ReasonExpiry, Clock: &rp.Clock{Claim: "exp", Whose: whose}}
		if got := new(Client).loginFaultOf(e, false).remedy; !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", whose, got, want)
		}
	}
}
