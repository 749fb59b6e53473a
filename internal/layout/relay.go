package layout

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Relay is what the routes say of the host that takes ProConnect's answers for all sites
// of a client, and of those sites.
type Relay struct {
	Gate Gate // the one at that host

	client string
	port   string
	all    []*serverNames
	at     []*serverNames // those that answer at that host
}

// Found is a gate that requests for a name get to.
type Found struct {
	Gate  Gate
	Known bool // there is one
	// Certain is whether the routes alone vouch for the name. Else somebody must have
	// said it: the site answers a wide wildcard, or by matchers that cannot be read.
	Certain bool
}

// Relay finds the gate at a host, of which it is the only handler: whoever runs script
// on this host could begin logins as others on every site of the client.
func (l *Layout) Relay(client, host, port string) (*Relay, error) {
	r := &Relay{client: client, port: port}
	for _, s := range l.ordered {
		r.all = append(r.all, s.index())
	}
	r.at = r.serversAt(host)
	if len(r.at) == 0 {
		return nil, r.noGate(host)
	}
	for _, s := range r.at {
		g, err := s.onlyGate(client, host)
		if err != nil {
			return nil, err
		}
		if g == nil {
			return nil, r.noGate(host)
		}
		r.Gate = g.config
	}
	return r, nil
}

// serversAt are the servers that answer at a host: those that listen on its port, or
// where none does, because a proxy in front or a mapped port is what browsers see, those
// that have a gate there.
func (r *Relay) serversAt(host string) (at []*serverNames) {
	port, _ := portNumber(r.port)
	for _, s := range r.all {
		if s.listensOn(port) && len(s.reach(host)) > 0 {
			at = append(at, s)
		}
	}
	if len(at) > 0 {
		return at
	}
	return slices.DeleteFunc(slices.Clone(r.all), func(s *serverNames) bool {
		return !slices.ContainsFunc(s.reach(host), func(site nameRoute) bool { return len(site.gates) > 0 })
	})
}

// Knows says whether a server has a site for a name.
func (l *Layout) Knows(server *caddyhttp.Server, name string) bool {
	if l == nil || l.servers[server] == nil {
		return false
	}
	return slices.ContainsFunc(l.servers[server].index().reach(name), func(r nameRoute) bool { return !r.site.errors })
}

// reach are the routes that requests for a host may get to, those that answer errors
// among them.
func (n *serverNames) reach(host string) (routes []nameRoute) {
	asked := asking(host)
	for _, i := range n.candidates(host) {
		r := n.routes[i]
		some := matching(r.conditions, asked)
		if len(some) == 0 {
			continue
		}
		routes = append(routes, r)
		if r.site.terminal && slices.ContainsFunc(some, func(c *nameCondition) bool { return c.only && !c.free }) {
			break
		}
	}
	for _, r := range n.errors {
		if len(matching(r.conditions, asked)) > 0 {
			routes = append(routes, r)
		}
	}
	return routes
}

// onlyGate returns the gate of a client at a host, if there is one and nothing else.
func (n *serverNames) onlyGate(client, host string) (gate *nameGate, err error) {
	for _, r := range n.reach(host) {
		if len(r.site.others) > 0 {
			return nil, fmt.Errorf("more than the gate stands at %s (%s): %s", host, strings.Join(r.site.others, ", "), aloneRemedy)
		}
		for _, g := range r.gates {
			switch {
			case gate != nil || g.config.Client != client:
				return nil, fmt.Errorf("more than one gate of one client stands at %s: %s", host, aloneRemedy)
			case !slices.ContainsFunc(matching(g.conditions, asking(host)), func(c *nameCondition) bool { return c.only && !c.free }):
				return nil, fmt.Errorf("the gate at %s stands behind a matcher: put it outside of `handle` and `route`", host)
			}
			gate = &g
		}
	}
	return gate, nil
}

const aloneRemedy = "whoever could run a script there could begin logins as others on every site of the client: give this host a site of its own, with nothing but one `proconnect` in it"

func (r *Relay) noGate(host string) error {
	name := ""
	if r.client != "default" {
		name = "client " + r.client + "; "
	}
	return fmt.Errorf("no gate of the client answers at %s: add the site %s with nothing in it but `proconnect { %sallow any }`", host, host, name)
}

// Find returns the gate of the client that requests for a name at a port get to, on all
// the servers that may be meant.
func (r *Relay) Find(name, port string) (found Found) {
	number, ok := portNumber(port)
	if !ok {
		return Found{}
	}
	for _, s := range r.all {
		if !s.listensOn(number) && (port != r.port || !slices.Contains(r.at, s)) {
			continue
		}
		f, answered := s.find(r.client, name)
		if answered {
			return Found{}
		}
		if f.Known && !found.Known {
			found = f
		}
	}
	return found
}

// Vouches says whether the routes vouch for the names of a wildcard, for one of which
// nothing else is said: on every server where requests for it meet a gate of the client.
func (r *Relay) Vouches(wildcard string) bool {
	name := strings.Replace(wildcard, "*", "a-name-that-nobody-gave", 1)
	return !slices.ContainsFunc(r.all, func(s *serverNames) bool {
		found, _ := s.find(r.client, name)
		return found.Known && !found.Certain
	})
}
