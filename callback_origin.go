package proconnect

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-proconnect/caddy-proconnect/internal/layout"
	"github.com/caddy-proconnect/caddy-proconnect/internal/listfile"
	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// checkCallback refuses values of callback_origin and callback_hosts that cannot work.
func (c *Client) checkCallback() error {
	if c.CallbackOrigin != "" {
		if _, err := parseCallbackOrigin(c.CallbackOrigin); err != nil {
			return err
		}
	}
	for i, name := range c.CallbackHosts {
		if _, err := parseHostName(name); err != nil {
			return fmt.Errorf("callback_hosts %q: %w", name, err)
		}
		if slices.Contains(c.CallbackHosts[:i], name) {
			return fmt.Errorf("callback_hosts: duplicate name %q: remove one", name)
		}
	}
	for i, path := range c.CallbackHostsFrom {
		if err := rules.CheckPath(path); err != nil {
			return fmt.Errorf("callback_hosts from %q: %w", path, err)
		}
		if slices.Contains(c.CallbackHostsFrom[:i], path) {
			return fmt.Errorf("callback_hosts from: duplicate file %q: remove one", path)
		}
	}
	return nil
}

// parseCallbackOrigin reads callback_origin. Plain http is for the sandbox, which answers
// this machine alone.
func parseCallbackOrigin(s string) (*origin.Origin, error) {
	o, err := origin.Parse(s)
	if err != nil || !origin.IsName(o.Host) {
		return nil, fmt.Errorf("callback_origin %q: want https and the name of a host alone, such as https://login.example.gouv.fr", s)
	}
	return o, nil
}

// hostNames is the format of a list of host names.
var hostNames = listfile.Format{Name: "host", Claim: "host", Aliases: []string{"hostname", "name"}, Parse: parseHostName}

var errHostName = errors.New("want the name of a host, such as pr-1.preview.example.gouv.fr (xn--… for letters with accents): no scheme, port, * or address")

// parseHostName reads a name of callback_hosts.
func parseHostName(name string) (string, error) {
	if name = strings.ToLower(name); !origin.IsName(name) {
		return "", errHostName
	}
	return name, nil
}

// provisionCallback reads callback_origin and the names that may use it.
func (c *Client) provisionCallback(caddy.Context) error {
	if err := c.checkCallback(); err != nil {
		return err
	}
	if c.CallbackOrigin == "" {
		if len(c.CallbackHosts)+len(c.CallbackHostsFrom) > 0 {
			return errors.New("callback_hosts says which sites may use callback_origin, which is missing")
		}
		return nil
	}
	o, err := parseCallbackOrigin(c.CallbackOrigin)
	if err != nil {
		return err
	}
	sandbox := c.Environment == sandboxEnvironment
	switch {
	case sandbox && !origin.IsLoopback(o.Host):
		return fmt.Errorf("callback_origin %q: environment sandbox is for this machine alone: want a loopback name, such as http://login.localhost:8080", c.CallbackOrigin)
	case !sandbox && !o.Secure:
		return fmt.Errorf("callback_origin %q: want https; http is for the sandbox", c.CallbackOrigin)
	}
	c.relay = &relay{origin: *o, sandbox: sandbox, listed: len(c.CallbackHosts)+len(c.CallbackHostsFrom) > 0}
	return c.relay.readNames(c)
}

// readNames reads which sites may use callback_origin.
func (y *relay) readNames(c *Client) error {
	y.names = make(map[string]bool)
	for _, name := range c.CallbackHosts {
		y.names[strings.ToLower(name)] = true
	}
	for _, path := range c.CallbackHostsFrom {
		l, err := c.app.lists.Open(rules.UseCallbackHosts, path, hostNames)
		if err != nil {
			return fmt.Errorf("callback_hosts from %w", err)
		}
		y.lists = append(y.lists, l)
	}
	return nil
}

// allows says whether a name may use callback_origin, as far as callback_hosts tells. A
// line with a fault stands for nobody.
func (y *relay) allows(name string) bool {
	return !y.listed || y.names[name] ||
		slices.ContainsFunc(y.lists, func(l *listfile.List) bool { return l.Set().HasText(name) })
}

// isAt says whether an origin is callback_origin.
func (y *relay) isAt(o origin.Origin) bool { return y != nil && o == y.origin }

// siteAt returns the gate of the client at an origin that may use callback_origin: over
// https, under a name in its one spelling, at a port that is the site's. The Host header
// of any client names any port, and what no browser writes (RFC 3986 §3.2.2 would let
// `evil%2f.preview.example.gouv.fr` be a name): it must get into no redirect.
func (y *relay) siteAt(o origin.Origin) (layout.Gate, bool) {
	if !o.Secure && !y.sandbox || y.sandbox && !origin.IsLoopback(o.Host) {
		return layout.Gate{}, false
	}
	name, port, ok := o.Split()
	if !ok || !y.allows(name) {
		return layout.Gate{}, false
	}
	if g, said := y.said[o.URL("")]; said {
		return g, true
	}
	found := y.find(o, name, port)
	return found.Gate, found.Known && (found.Certain || y.listed)
}

// maxKnown bounds how many origins are remembered: a wildcard has as many names as
// strangers send.
const maxKnown = 10_000

// find asks the routes, which do not change, once for an origin.
func (y *relay) find(o origin.Origin, name, port string) layout.Found {
	y.mu.RLock()
	found, known := y.known[o]
	y.mu.RUnlock()
	if known {
		return found
	}
	found = y.routes.Find(name, port)
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.known == nil {
		y.known = make(map[origin.Origin]layout.Found)
	}
	if len(y.known) < maxKnown {
		y.known[o] = found
	}
	return found
}

// serves says whether sites at an origin can log people in: it is callback_origin, or may
// use it.
func (y *relay) serves(o origin.Origin) bool {
	if y.isAt(o) {
		return true
	}
	_, ok := y.siteAt(o)
	return ok
}

// readRelays finds the gates at callback_origin of all clients, once the routes are read.
func (a *App) readRelays(l *layout.Layout) error {
	for name, c := range a.Clients {
		if c.relay == nil {
			continue
		}
		host, port, _ := c.relay.origin.Split()
		routes, err := l.Relay(name, host, port)
		if err != nil {
			return fmt.Errorf("client %q: callback_origin %s: %w", name, c.CallbackOrigin, err)
		}
		if o := routes.Gate.Origin; o != "" && strings.TrimSuffix(o, "/") != c.CallbackOrigin {
			if said, err := origin.Parse(o); err != nil || *said != c.relay.origin {
				return fmt.Errorf("client %q: callback_origin %s: the gate there says `origin %s`: remove it", name, c.CallbackOrigin, o)
			}
		}
		c.relay.routes = routes
	}
	return nil
}
