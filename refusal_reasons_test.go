package proconnect

import (
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// A list may change between a verdict and the telling of its grounds: the refusal
// stands, and is told in general words.
func TestDenialWithoutGroundsHasAReason(t *testing.T) {
	rs := mustCompileRules(t, parseRules(t, "deny siren 130025265\nallow roles a"))
	d := rules.Decision{Outcome: rules.Deny, By: &rs.Rules[0]}
	if reasons, together := new(request).denied(d); len(reasons) != 1 || reasons[0].Code != "other" || together != nil {
		t.Errorf("got %v, %v", reasons, together)
	}
}
