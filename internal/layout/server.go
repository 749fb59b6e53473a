package layout

import (
	"slices"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// server reads the routes of a server, and those of its handle_errors.
func (w *walker) server(name string, server *caddyhttp.Server) *serverLayout {
	s := &serverLayout{listen: server.Listen}
	s.routes = w.top(name, server.Routes, nil)
	if server.Errors != nil {
		s.errors = w.top(name, server.Errors.Routes, s.routes)
	}
	w.layout.sites = append(w.layout.sites, slices.Concat(s.routes, s.errors)...)
	return s
}

// top reads a server's routes, or those that answer the errors of sites.
func (w *walker) top(server string, routes caddyhttp.RouteList, failing []*siteLayout) (sites []*siteLayout) {
	w.groups = make(map[string]int)
	l := w.newList()
	known := newFacts()
	for _, route := range routes {
		own := w.scopeReader.scope(route)
		hosts := own.hosts()
		w.site = &siteLayout{
			server: server, hosts: hosts, errors: failing != nil, scope: own, terminal: route.Terminal, passive: passive(route),
		}
		w.gates = nil
		for _, site := range failing {
			if hostsOverlap(hosts, site.hosts) {
				w.gates = append(w.gates, site.gates...)
			}
		}
		before := known.of(hosts)
		before.errors = w.site.errors
		known.add(before, w.route(route, before, l))
		sites = append(sites, w.site)
	}
	return sites
}

// facts are what is known behind the routes of a server so far, by host: there may be
// thousands of sites, which do not concern one another.
type facts struct {
	flow  // but for taken and ran
	taken map[string][]answered
	ran   map[string][]gateRan
}

func newFacts() *facts {
	return &facts{flow: flow{scope: everything}, taken: make(map[string][]answered), ran: make(map[string][]gateRan)}
}

// of returns what is known of requests with some hosts, or with any.
func (k *facts) of(hosts []string) flow {
	f := k.flow
	f.taken, f.ran = slices.Clone(k.taken[""]), slices.Clone(k.ran[""])
	for _, host := range hosts {
		f.taken = append(f.taken, k.taken[host]...)
		f.ran = append(f.ran, k.ran[host]...)
	}
	return f
}

// add notes what is known behind one more route.
func (k *facts) add(before, behind flow) {
	k.flow = behind
	if behind.change != before.change { // of what was noted by host, nothing but hosts may hold still
		k.taken, k.ran = make(map[string][]answered), make(map[string][]gateRan)
		before.taken, before.ran = nil, nil
	}
	for _, a := range behind.taken[len(before.taken):] {
		for _, host := range orAny(a.scope.hosts()) {
			k.taken[host] = append(k.taken[host], a)
		}
	}
	for _, r := range behind.ran[len(before.ran):] {
		for _, host := range orAny(r.scope.hosts()) {
			k.ran[host] = append(k.ran[host], r)
		}
	}
}
