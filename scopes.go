package proconnect

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
)

// defaultScopes are asked of everybody unless the operator says otherwise.
var defaultScopes = []string{
	"openid", "given_name", "usual_name", "email", "uid", "siret", "idp_id", "roles", "organization_label",
}

// knownScopes are those that ProConnect grants.
var knownScopes = append(slices.Clone(defaultScopes),
	"belonging_population", "organizational_unit", "phone", "chorusdt", "idp_acr", "custom", "siren")

// claimsRequest is what is asked of ProConnect, and what is kept of the answer.
type claimsRequest struct {
	scopes []string
	claims []claimRef
}

// provisionClaims has asked what the operator wants to be asked.
func (c *Client) provisionClaims(caddy.Context) error {
	if err := checkScopes(c.Scopes); err != nil {
		return err
	}
	if err := checkClaims(c.Claims); err != nil {
		return err
	}
	for _, name := range c.Claims {
		ref, _ := lookupClaim(name)
		c.need(ref)
	}
	c.warnScopes()
	return nil
}

func checkScopes(scopes []string) error {
	added := 0
	for i, s := range scopes {
		name, plus := strings.CutPrefix(s, "+")
		if plus {
			added++
		}
		if !slices.Contains(knownScopes, name) {
			return fmt.Errorf("scopes: %q is unknown to ProConnect: %swant one of %s", name, didYouMean(scopeOf(name), knownScopes), strings.Join(knownScopes, ", "))
		}
		if slices.Contains(scopes[:i], s) {
			return fmt.Errorf("scopes: %q stands there twice", s)
		}
	}
	if added > 0 && added < len(scopes) {
		return errors.New("scopes: either each has a + in front, which adds it to the default, or none has")
	}
	return nil
}

// scopeOf is the scope of a claim that is taken for one.
func scopeOf(name string) string {
	if ref, ok := lookupClaim(name); ok && ref.scope() != "" {
		return ref.scope()
	}
	return name
}

// claimNames are the claims by ProConnect's names.
func claimNames() []string {
	names := make([]string, len(claimSpecs))
	for i := range claimSpecs {
		names[i] = claimSpecs[i].name
	}
	return names
}

func checkClaims(names []string) error {
	for i, name := range names {
		if _, ok := lookupClaim(name); !ok {
			return fmt.Errorf("claims: %q is unknown: %swant a claim of ProConnect's, such as phone_number, or custom.<path>", name, didYouMean(name, claimNames()))
		}
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("claims: %q stands there twice", name)
		}
	}
	return nil
}

// need has claims asked for because something reads them.
func (c *Client) need(claims ...claimRef) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, ref := range claims {
		c.needed = appendNew(c.needed, ref)
	}
	c.request = nil
}

// needEverywhere has claims asked for that matchers read, which cannot send
// anybody to ProConnect by themselves: a session without them is stale at the
// gate.
func (c *Client) needEverywhere(claims ...claimRef) {
	c.need(claims...)
	for _, ref := range claims {
		c.expected = appendNew(c.expected, ref)
	}
}

// missing returns a claim that a matcher reads and a session never asked for.
func (c *Client) missing(id *identity) (name string, missing bool) {
	for _, ref := range c.expected {
		if _, asked := id.find(ref); !asked {
			return ref.name, true
		}
	}
	return "", false
}

// asking returns what to ask of ProConnect: the union of what the operator
// wants and what the rules of all gates and matchers read.
func (c *Client) asking() *claimsRequest {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.request == nil {
		c.request = newClaimsRequest(c.Scopes, c.needed)
	}
	return c.request
}

// granted returns the claims that a login with these scopes has asked for. One
// that a configuration loaded since wants was not, and must not pass for absent:
// `absent` would hold of somebody who has it.
func (r *claimsRequest) granted(scopes []string) []claimRef {
	return slices.DeleteFunc(slices.Clone(r.claims), func(c claimRef) bool {
		return c.scope() != "" && !slices.Contains(scopes, c.scope())
	})
}

func newClaimsRequest(wanted []string, needed []claimRef) *claimsRequest {
	scopes := slices.Clone(defaultScopes)
	if len(wanted) > 0 && !strings.HasPrefix(wanted[0], "+") {
		scopes = []string{"openid"} // OpenID Connect Core §3.1.2.1
	}
	add := func(scope string) {
		if scope != "" && !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	for _, s := range wanted {
		add(strings.TrimPrefix(s, "+"))
	}
	for _, ref := range needed {
		add(ref.scope())
	}
	r := &claimsRequest{scopes: scopes}
	for i := range claimSpecs {
		ref := claimRef{i, claimSpecs[i].name}
		// Nothing is kept that nothing reads: a telephone number stays out of
		// cookies unless `claims` names it, whatever the scopes bring.
		kept := !claimSpecs[i].optIn && (ref.scope() == "" || slices.Contains(scopes, ref.scope()))
		if kept || slices.Contains(needed, ref) {
			r.claims = append(r.claims, ref)
		}
	}
	for _, ref := range needed {
		if ref.index < 0 {
			r.claims = append(r.claims, ref)
		}
	}
	sortAsked(r.claims)
	return r
}
