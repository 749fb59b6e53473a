// Package layout reads the routes of Caddy's HTTP servers and says where gates are
// in them: under which names requests meet a gate, what answers before it or beside
// it, and what an operator must know of that before the configuration loads.
//
// To read it, begin with [Read] and layout.go, then server.go and walk.go: they go
// through the routes as requests do. What is known of requests at a point of the way
// is in flow.go, and in group.go for routes of which one at most is taken; a set of
// requests is a scope (scope.go), made of matchers (matchers.go); what a handler does
// with a request is in steps.go. check.go looks at what comes before a gate on the
// way, judge.go at what shows when all routes are read. provisioning.go finds the
// place of a gate that Caddy provisions. relay.go and names.go say for which names
// requests meet a gate of a client, where one host takes the answers for all of them.
//
// Of a gate the package knows no more than a [Gate] says, so it provisions none.
package layout

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Options is what the reader of routes is told of the gates in them.
type Options struct {
	// Gate reads a gate's JSON. What it cannot read Caddy refuses, so it leaves that out.
	Gate func(config json.RawMessage) Gate
	// MayMatch says whether a path pattern can match any address.
	MayMatch func(pattern string) bool
}

// Gate is what matters of a gate's configuration, with its defaults.
type Gate struct {
	Text          string // its configuration, in one way of writing it: by this a gate finds its place
	Client        string
	Match         []caddy.ModuleMap
	Headers       string // the prefix of the headers that it deletes and sets
	Encoding      string // how it writes them
	Origin        string
	Path          string
	CallbackPath  string
	LoggedOutPath string
	ErrorsToCaddy bool // the site's handle_errors answers refusals and errors
	Optional      bool // strangers pass
}

// Layout is what the routes of all HTTP servers say of the gates in them. It is
// read once for a configuration, from routes of which Caddy may have provisioned
// a part: reading them provisions nothing.
//
// Where it says that something is certain (a request was answered, a gate has
// run), it is; what it cannot tell counts as possible.
type Layout struct {
	sites    []*siteLayout // servers by name, their routes in order
	findings []Finding
	servers  map[*caddyhttp.Server]*serverLayout
	ordered  []*serverLayout // by name
	late     bool            // a gate is where a site has answered already
	places   map[*placedGate]int
}

// serverLayout is what the routes of one server say.
type serverLayout struct {
	routes []*siteLayout // for each route of the server
	errors []*siteLayout // for each route of its handle_errors
	listen []string      // where it listens, as configured
	names  *serverNames  // nil until somebody asks
}

// siteLayout is one route of a server, which is a site of a Caddyfile.
type siteLayout struct {
	server        string
	hosts         []string      // the names that the route answers; none: any name
	errors        bool          // it answers the errors of sites with these names
	handlesErrors bool          // a part of it answers its errors
	gates         []*placedGate // in the order in which requests meet them
	endings       []ending      // what answers requests, in order
	scope         scope         // the requests that come here
	terminal      bool          // none of them goes on to the next route
	passive       bool          // all of them do, whatever they are
	others        []string      // the handlers in it that are neither gates nor groups of routes
}

// name is what messages call a site.
func (s *siteLayout) name() string {
	if len(s.hosts) == 0 {
		return "on any host (" + s.server + ")"
	}
	return s.hosts[0]
}

// placedGate is a gate, at one of the places where requests meet it: a gate in a
// named route has a place for each `invoke`.
type placedGate struct {
	config  Gate
	site    *siteLayout
	hosts   []string      // the names under which requests meet it; none: any name
	named   string        // the named route that it is in
	errors  bool          // it is in handle_errors
	claimed bool          // a gate found its place here
	scope   scope         // the requests that meet it
	before  []scope       // those that something before it has answered
	behind  []*placedGate // the gates that may have run on them
}

// ending is a handler that answers.
type ending struct {
	name   string        // its directive
	hosts  []string      // the names under which requests meet it; none: any name
	path   string        // the paths under which they do, if its route says so
	proxy  bool          // what answers gets the request's headers
	gates  []*placedGate // those that certainly have run before it; one without a site is any of its kind
	closed bool          // every request that it gets was gated
	maybe  bool          // a gate may have run before it
}

// Read reads the routes of all servers.
func Read(http *caddyhttp.App, options Options) *Layout {
	l := &Layout{servers: make(map[*caddyhttp.Server]*serverLayout)}
	for _, name := range slices.Sorted(maps.Keys(http.Servers)) {
		if server := http.Servers[name]; server != nil {
			w := &walker{
				scopeReader: scopeReader{mayMatch: options.MayMatch},
				gateOf:      options.Gate,
				layout:      l,
				named:       server.NamedRoutes,
				kind:        make(map[string]*placedGate),
			}
			l.servers[server] = w.server(name, server)
			l.ordered = append(l.ordered, l.servers[server])
		}
	}
	l.judge()
	slices.SortStableFunc(l.findings, func(a, b Finding) int {
		switch {
		case a.Fault == b.Fault:
			return 0
		case a.Fault:
			return -1
		}
		return 1
	})
	return l
}
