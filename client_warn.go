package proconnect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// handGranted are the scopes that ProConnect's support grants to a client by hand. Asked
// for without, they make every login fail.
var handGranted = []string{"belonging_population", "organizational_unit", "chorusdt", "siren"}

// warnScope says what a scope that must be granted by hand does until it is; nothing of
// others.
func (c *Client) warnScope(at, scope string) string {
	switch {
	case !slices.Contains(handGranted, scope):
		return ""
	case c.Environment == sandboxEnvironment: // whose success would be the last that is heard of it before production
		return fmt.Sprintf("%s: it needs the scope %s, which the sandbox grants: for production, ProConnect's support must grant it to the client by hand, and until then every login fails there",
			at, scope)
	}
	return fmt.Sprintf("%s: it needs the scope %s, which ProConnect's support must grant to the client by hand: until then every login fails, with invalid_scope, at every site of client %q",
		at, scope, c.name)
}

// warnScopes warns of what the operator wants to be asked.
func (c *Client) warnScopes() {
	for _, s := range c.Scopes {
		s = strings.TrimPrefix(s, "+")
		c.warn(c.warnScope("scopes "+s, s))
	}
	for _, name := range c.Claims {
		ref, _ := claims.Lookup(name)
		c.warn(c.warnScope("claims "+name, ref.Scope()))
	}
}

func (c *Client) warn(text string) {
	if text != "" {
		c.log.Warn(text)
	}
}

// warnings are what an operator should know of rules where this client identifies
// people.
func (c *Client) warnings(rs *rules.Set) (all []string) {
	for i := range rs.Rules {
		r := &rs.Rules[i]
		at := fmt.Sprintf("rule %d (%s)", r.Position, r.Fields())
		for _, cond := range r.Conditions {
			for _, text := range []string{c.warnScope(at, cond.Field.Scope()), c.warnInternal(at, &cond)} {
				if text != "" {
					all = appendNew(all, text)
				}
			}
		}
	}
	return all
}

// isInternal says whether the client is on the State's internal network, the RIE.
func (c *Client) isInternal() bool { return strings.HasSuffix(c.Environment, "-rie") }

// noMailCode is what becomes of two factors there.
const noMailCode = "on the State's internal network ProConnect sends no code by email: only those reach two factors whose identity provider has them itself"

// warnInternal says what a condition comes to on the internal network.
func (c *Client) warnInternal(at string, cond *rules.Criterion) string {
	if !c.isInternal() {
		return ""
	}
	switch {
	case cond.StepUp:
		return at + ": " + noMailCode
	case cond.Field.Index == claims.Roles:
		return at + ": on the State's internal network everybody has exactly the role agent_public, private people too, and nobody another one: compare siret, siren or idp_id"
	case cond.Field.Index == claims.OrganizationLabel:
		return at + ": on the State's internal network nobody has an organization_label: an allow admits nobody by it, and a deny refuses everybody; compare siret or siren"
	}
	return ""
}
