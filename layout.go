package proconnect

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
)

// layout is what the routes of all HTTP servers say of the gates in them. It is
// read once for a configuration, from routes of which Caddy may have provisioned
// a part: reading them provisions nothing.
//
// Where it says that something is certain (a request was answered, a gate has
// run), it is; what it cannot tell counts as possible.
type layout struct {
	sites    []*siteLayout // servers by name, their routes in order
	findings []finding     // what an operator must know, faults first
	servers  map[*caddyhttp.Server]*serverLayout
	late     bool // a gate stands where a site has answered already
}

// serverLayout is what the routes of one server say.
type serverLayout struct {
	routes []*siteLayout // for each route of the server
	errors []*siteLayout // for each route of its handle_errors
}

// siteLayout is one route of a server, which is a site of a Caddyfile.
type siteLayout struct {
	server        string
	hosts         []string      // the names that the route answers; none: any name
	errors        bool          // it answers the errors of sites with these names
	handlesErrors bool          // a part of it answers its errors
	gates         []*placedGate // in the order in which requests meet them
	endings       []ending      // what answers requests, in order
}

// placedGate is a gate, at one of the places where requests meet it: a gate in a
// named route has a place for each `invoke`.
type placedGate struct {
	config  *Handler // as its JSON says, with defaults; not provisioned
	text    string   // its JSON, by which a gate finds its place
	site    *siteLayout
	hosts   []string // the names under which requests meet it; none: any name
	named   string   // the named route that it stands in
	errors  bool     // it stands in handle_errors
	claimed bool     // a gate found its place here
}

// ending is a handler that answers.
type ending struct {
	name  string        // its directive
	hosts []string      // the names under which requests meet it; none: any name
	path  string        // the paths under which they do, if its route says so
	proxy bool          // what answers gets the request's headers
	gates []*placedGate // those that certainly have run before it; one without a site is any of its kind
}

// finding is something that an operator must know of the routes.
type finding struct {
	fault bool // the configuration must not load
	site  string
	text  string
}

// readLayout returns what the routes say. The first who asks has them read, and what is
// found told.
func (a *App) readLayout(ctx caddy.Context) (*layout, error) {
	if a.layout != nil {
		return a.layout, nil
	}
	iface, err := ctx.AppIfConfigured("http")
	http, ok := iface.(*caddyhttp.App)
	if err != nil || !ok {
		return new(layout), nil // a gate outside of any server: nobody meets it
	}
	if a.layout != nil { // the HTTP app was loaded by this very call, and its gates asked before us
		return a.layout, nil
	}
	l := newLayout(http)
	for _, f := range l.findings {
		if f.fault {
			return nil, errors.New("site " + f.site + ": " + f.text)
		}
		a.log.Warn(f.text, zap.String("site", f.site))
	}
	a.layout = l
	return l, nil
}

// newLayout reads the routes of all servers.
func newLayout(http *caddyhttp.App) *layout {
	l := &layout{servers: make(map[*caddyhttp.Server]*serverLayout)}
	for _, name := range slices.Sorted(maps.Keys(http.Servers)) {
		if server := http.Servers[name]; server != nil {
			w := &walker{layout: l, named: server.NamedRoutes, kind: make(map[string]*placedGate)}
			l.servers[server] = w.server(name, server)
		}
	}
	l.judge()
	slices.SortStableFunc(l.findings, func(a, b finding) int {
		switch {
		case a.fault == b.fault:
			return 0
		case a.fault:
			return -1
		}
		return 1
	})
	return l
}

// add notes a finding, once.
func (l *layout) add(f finding) {
	if !slices.Contains(l.findings, f) {
		l.findings = append(l.findings, f)
	}
}

// name is what messages call a site.
func (s *siteLayout) name() string {
	if len(s.hosts) == 0 {
		return "on any host (" + s.server + ")"
	}
	return s.hosts[0]
}

// hostsOverlap says whether a request's host may be in both lists. An empty list
// is any host.
func hostsOverlap(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return true
	}
	for _, x := range a {
		if slices.ContainsFunc(b, func(y string) bool { return hostOverlap(x, y) }) {
			return true
		}
	}
	return false
}

// hostOverlap says whether two of Caddy's host patterns have a name in common: a
// `*` stands for one label, and a placeholder for anything.
func hostOverlap(a, b string) bool {
	if a == b || strings.Contains(a, "{") || strings.Contains(b, "{") {
		return true
	}
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	return slices.EqualFunc(x, y, func(x, y string) bool { return x == y || x == "*" || y == "*" })
}
