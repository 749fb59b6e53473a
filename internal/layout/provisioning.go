package layout

import (
	"slices"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Hosts returns the names under which requests meet a gate that is being provisioned,
// by the gate's text as it was configured; none if that is any. known says whether the
// routes of the server tell.
//
// Caddy provisions a server's routes in order, then those of its handle_errors, then
// the named ones, and clears a route's raw handlers when it is done with it. So the
// route that the gate is in is the first that still has some.
func (l *Layout) Hosts(server *caddyhttp.Server, text string) (hosts []string, known bool) {
	if l.servers[server] == nil {
		return nil, false
	}
	return l.servers[server].hostsOf(server, text)
}

func (s *serverLayout) hostsOf(server *caddyhttp.Server, text string) (hosts []string, known bool) {
	if i := provisioning(server.Routes); i >= 0 {
		return s.routes[i].claim(text), true
	}
	if server.Errors != nil {
		if i := provisioning(server.Errors.Routes); i >= 0 {
			return s.failingHosts(s.errors[i].claim(text)), true
		}
	}
	return s.invokedUnder(server.NamedRoutes, text)
}

// provisioning is the first of some routes that Caddy is not done with.
func provisioning(routes caddyhttp.RouteList) int {
	return slices.IndexFunc(routes, func(r caddyhttp.Route) bool { return len(r.HandlersRaw) > 0 })
}

// claim returns the names under which requests meet the first gate with a text that
// was not claimed before: Caddy provisions them in their order.
func (s *siteLayout) claim(text string) []string {
	for _, g := range s.gates {
		if g.named == "" && !g.claimed && g.config.Text == text {
			g.claimed = true
			return g.hosts
		}
	}
	return s.hosts // it is inside a handler that we do not know
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

// invokedUnder returns the names under which requests meet the gates with a text in
// the named routes. Which of those is being provisioned nothing tells: Caddy takes
// them in any order.
func (s *serverLayout) invokedUnder(named map[string]*caddyhttp.Route, text string) (hosts []string, known bool) {
	for _, site := range slices.Concat(s.routes, s.errors) {
		for _, g := range site.gates {
			route := named[g.named]
			if g.config.Text != text || route == nil || len(route.HandlersRaw) == 0 {
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
