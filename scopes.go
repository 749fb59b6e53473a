package proconnect

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/near"
)

// provisionClaims has asked what the operator wants to be asked.
func (c *Client) provisionClaims(caddy.Context) error {
	if err := checkScopes(c.Scopes); err != nil {
		return err
	}
	if err := checkClaims(c.Claims); err != nil {
		return err
	}
	for _, name := range c.Claims {
		ref, _ := claims.Lookup(name)
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
		if !slices.Contains(claims.Scopes, name) {
			return fmt.Errorf("scopes: %q is unknown to ProConnect: %swant one of %s", name, near.DidYouMean(claims.ScopeOf(name), claims.Scopes), strings.Join(claims.Scopes, ", "))
		}
		if slices.Contains(scopes[:i], s) {
			return fmt.Errorf("scopes: duplicate scope %q", s)
		}
	}
	if added > 0 && added < len(scopes) {
		return errors.New("scopes: either each has a + in front, which adds it to the default, or none has")
	}
	return nil
}

func checkClaims(names []string) error {
	for i, name := range names {
		if _, ok := claims.Lookup(name); !ok {
			return fmt.Errorf("claims: %q is unknown: %swant a claim of ProConnect's, such as phone_number, or custom.<path>", name, near.DidYouMean(name, claims.Names()))
		}
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("claims: duplicate claim %q", name)
		}
	}
	return nil
}

// need has claims asked for because something reads them.
func (c *Client) need(claims ...claims.Ref) {
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
func (c *Client) needEverywhere(claims ...claims.Ref) {
	c.need(claims...)
	for _, ref := range claims {
		c.expected = appendNew(c.expected, ref)
	}
}

// missing returns a claim that a matcher reads and a session never asked for.
func (c *Client) missing(id *claims.Set) (name string, missing bool) {
	for _, ref := range c.expected {
		if _, requested := id.Find(ref); !requested {
			return ref.Name, true
		}
	}
	return "", false
}

// asking returns what to ask of ProConnect: the union of what the operator
// wants and what the rules of all gates and matchers read.
func (c *Client) asking() *claims.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.request == nil {
		c.request = claims.NewRequest(c.Scopes, c.needed)
	}
	return c.request
}
