package layout

import (
	"slices"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Hosts returns the names under which requests meet a gate that is being provisioned,
// by the gate's text as it was configured; none if that is any. place is its number among
// Places, or -1; known says whether the routes of the server tell.
//
// Caddy provisions a server's routes in order, then those of its handle_errors, then
// the named ones, and clears a route's raw handlers when it is done with it. So the
// route that the gate is in is the first that still has some.
func (l *Layout) Hosts(server *caddyhttp.Server, text string) (hosts []string, place int, known bool) {
	if l.servers[server] == nil {
		return nil, -1, false
	}
	hosts, g, known := l.servers[server].hostsOf(server, text)
	if at, placed := l.places[g]; placed {
		return hosts, at, known
	}
	return hosts, -1, known
}

func (s *serverLayout) hostsOf(server *caddyhttp.Server, text string) (hosts []string, g *placedGate, known bool) {
	if i := provisioning(server.Routes); i >= 0 {
		hosts, g = s.routes[i].claim(text)
		return hosts, g, true
	}
	if server.Errors != nil {
		if i := provisioning(server.Errors.Routes); i >= 0 {
			hosts, g = s.errors[i].claim(text)
			return s.failingHosts(hosts), g, true
		}
	}
	hosts, known = s.invokedUnder(func(g *placedGate) bool {
		route := server.NamedRoutes[g.named]
		return g.config.Text == text && route != nil && len(route.HandlersRaw) > 0
	})
	return hosts, s.namedWith(text), known
}

// provisioning is the first of some routes that Caddy is not done with.
func provisioning(routes caddyhttp.RouteList) int {
	return slices.IndexFunc(routes, func(r caddyhttp.Route) bool { return len(r.HandlersRaw) > 0 })
}

// claim returns the names under which requests meet the first gate with a text that
// was not claimed before: Caddy provisions them in their order.
func (s *siteLayout) claim(text string) (hosts []string, g *placedGate) {
	for _, g := range s.gates {
		if g.named == "" && !g.claimed && g.config.Text == text {
			g.claimed = true
			return g.hosts, g
		}
	}
	return s.hosts, nil // it is inside a handler that we do not know
}

// failingHosts are the names of the sites whose errors get to a gate.
func (s *serverLayout) failingHosts(hosts []string) []string {
	if len(hosts) > 0 {
		return hosts
	}
	for _, site := range s.routes {
		if len(site.hosts) == 0 {
			return nil
		}
		hosts = append(hosts, site.hosts...)
	}
	return hosts
}

// namedWith is the first of a named route's gates with a text.
func (s *serverLayout) namedWith(text string) *placedGate {
	places := s.places()
	if i := slices.IndexFunc(places, func(g *placedGate) bool { return g.named != "" && g.config.Text == text }); i >= 0 {
		return places[i]
	}
	return nil
}

// invokedUnder returns the names under which requests meet some gates, with one text, in
// the named routes. Which of those is being provisioned nothing tells: Caddy takes them in
// any order.
func (s *serverLayout) invokedUnder(some func(*placedGate) bool) (hosts []string, known bool) {
	for _, site := range slices.Concat(s.routes, s.errors) {
		for _, g := range site.gates {
			if g.named == "" || !some(g) {
				continue
			}
			of := g.hosts
			if g.errors {
				of = s.failingHosts(of)
			}
			if len(of) == 0 {
				return nil, true
			}
			hosts, known = append(hosts, of...), true
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts), known
}
