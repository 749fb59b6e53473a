package layout

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// serverNames finds the routes of a server by the names of hosts: there may be
// thousands.
type serverNames struct {
	routes []nameRoute
	errors []nameRoute
	exact  map[string][]int // routes, by the names that they say
	open   []int            // routes that say a pattern, or no name
	ports  []caddy.NetworkAddress
}

// nameRoute is what a route of a server says of names.
type nameRoute struct {
	site       *siteLayout
	conditions []*nameCondition
	gates      []nameGate
}

type nameGate struct {
	config     Gate
	conditions []*nameCondition
	before     []*nameCondition // of requests that were answered before it
}

// nameCondition is what a condition says of names.
type nameCondition struct {
	lists    [][]string            // its host matchers, all of which must match
	matchers []caddyhttp.MatchHost // the same, without patterns that hold a placeholder
	free     bool                  // some hold one, which may stand for any name
	only     bool                  // it says nothing else
	opaque   bool                  // what else it says may be about the name
}

// index reads the names of a server, once.
func (s *serverLayout) index() *serverNames {
	if s.names != nil {
		return s.names
	}
	n := &serverNames{exact: make(map[string][]int)}
	for i, site := range s.routes {
		r := newNameRoute(site)
		n.routes = append(n.routes, r)
		n.note(i, r)
	}
	for _, site := range s.errors {
		n.errors = append(n.errors, newNameRoute(site))
	}
	for _, address := range s.listen {
		if a, err := caddy.ParseNetworkAddress(caddy.NewReplacer().ReplaceAll(address, "")); err == nil && !a.IsUnixNetwork() && !a.IsFdNetwork() {
			n.ports = append(n.ports, a)
		}
	}
	s.names = n
	return n
}

func newNameRoute(site *siteLayout) nameRoute {
	r := nameRoute{site: site, conditions: nameConditions(site.scope)}
	for _, g := range site.gates {
		if g.errors {
			continue
		}
		placed := nameGate{config: g.config, conditions: nameConditions(g.scope)}
		for _, taken := range g.before {
			placed.before = append(placed.before, nameConditions(taken)...)
		}
		r.gates = append(r.gates, placed)
	}
	return r
}

// note files a route under the names that its conditions say; under none if one of them
// does not say all of its own.
func (n *serverNames) note(i int, r nameRoute) {
	for _, c := range r.conditions {
		if len(c.lists) == 0 || slices.ContainsFunc(c.lists[0], func(host string) bool { return strings.ContainsAny(host, "*{") }) {
			n.open = append(n.open, i)
			return
		}
	}
	for _, c := range r.conditions {
		for _, host := range c.lists[0] {
			n.exact[host] = append(n.exact[host], i)
		}
	}
}

func nameConditions(s scope) (all []*nameCondition) {
	for _, c := range s {
		all = append(all, newNameCondition(c))
	}
	return all
}

func newNameCondition(c conjunction) *nameCondition {
	n := &nameCondition{only: true}
	for _, a := range c {
		if a.name != "host" {
			n.only = false
			n.opaque = n.opaque || a.name == "?" || a.name == "not" && strings.Contains(a.text, `"host"`)
			continue
		}
		n.lists = append(n.lists, a.list)
		plain := caddyhttp.MatchHost(slices.DeleteFunc(slices.Clone(a.list), func(host string) bool { return strings.Contains(host, "{") }))
		n.free = n.free || len(plain) < len(a.list)
		_ = plain.Provision(caddy.Context{}) // a host that is there twice Caddy refuses
		n.matchers = append(n.matchers, plain)
	}
	return n
}

// matches says whether requests for a name certainly meet what a condition says of names.
func (c *nameCondition) matches(asked *http.Request) bool {
	return !slices.ContainsFunc(c.matchers, func(m caddyhttp.MatchHost) bool { return !m.Match(asked) })
}

// mayMatch says whether they may.
func (c *nameCondition) mayMatch(asked *http.Request) bool { return c.free || c.matches(asked) }

// asking is a request for a name, as far as Caddy's host matcher looks at it.
func asking(name string) *http.Request {
	return (&http.Request{Host: name}).WithContext(context.WithValue(context.Background(), caddy.ReplacerCtxKey, caddy.NewEmptyReplacer()))
}

// candidates are the routes that may be about a name, in order.
func (n *serverNames) candidates(name string) []int {
	all := slices.Concat(n.exact[name], n.open)
	slices.Sort(all)
	return slices.Compact(all)
}

// listensOn says whether a server listens on a port.
func (n *serverNames) listensOn(port uint) bool {
	return slices.ContainsFunc(n.ports, func(a caddy.NetworkAddress) bool { return a.StartPort <= port && port <= a.EndPort })
}

// find returns the first gate of a client that requests for a name get to. answered is
// true where they get to something else.
//
// A gate behind a wildcard is not reached by the name of a more specific site. So what
// answers before the gate takes a name away if it answers all of its requests, or is
// about fewer names than the gate.
func (n *serverNames) find(client, name string) (found Found, answered bool) {
	asked := asking(name)
	var before []*nameCondition
	for _, i := range n.candidates(name) {
		r := &n.routes[i]
		for _, g := range r.gates {
			if g.config.Client != client {
				continue
			}
			for _, c := range g.conditions {
				if len(c.lists) > 0 && c.matches(asked) {
					taken := slices.Concat(before, matching(g.before, asked))
					if !shadowed(c, taken) {
						return Found{Gate: g.config, Known: true, Certain: c.certain(name, taken)}, false
					}
				}
			}
		}
		if !r.site.passive {
			before = append(before, matching(r.conditions, asked)...)
		}
	}
	return Found{}, len(before) > 0
}

// matching are the conditions that requests for a name may meet.
func matching(all []*nameCondition, asked *http.Request) (some []*nameCondition) {
	for _, c := range all {
		if c.mayMatch(asked) {
			some = append(some, c)
		}
	}
	return some
}

// shadowed says whether something that answered before a gate takes a name from it.
func shadowed(c *nameCondition, before []*nameCondition) bool {
	return slices.ContainsFunc(before, func(b *nameCondition) bool {
		return b.only || slices.ContainsFunc(b.lists, func(list []string) bool {
			return !slices.ContainsFunc(c.lists, func(own []string) bool { return slices.Equal(own, list) })
		})
	})
}

// certain says whether a gate's condition alone vouches for a name: it says the very
// name, or a wildcard that is narrow enough, and nothing of which nobody knows what it
// says of names.
func (c *nameCondition) certain(name string, before []*nameCondition) bool {
	innermost := c.lists[len(c.lists)-1]
	if slices.Contains(innermost, name) {
		return true
	}
	return !c.opaque && !slices.ContainsFunc(before, func(b *nameCondition) bool { return b.opaque }) &&
		slices.ContainsFunc(innermost, func(pattern string) bool {
			return Narrow(pattern) && caddyhttp.MatchHost{pattern}.Match(asking(name))
		})
}

// narrowPattern is one label that is any, with three fixed ones behind it at least:
// *.gouv.fr would stand for other people's sites.
var narrowPattern = regexp.MustCompile(`^([a-z0-9-]+\.)*\*(\.[a-z0-9-]+){3,}$`)

// Narrow says whether a wildcard of a site is narrow enough for all its names to be the
// operator's own.
func Narrow(pattern string) bool { return narrowPattern.MatchString(pattern) }

// portNumber reads a port as browsers write it: no zero in front.
func portNumber(port string) (uint, bool) {
	n, err := strconv.ParseUint(port, 10, 16)
	return uint(n), err == nil && n > 0 && strconv.FormatUint(n, 10) == port
}
