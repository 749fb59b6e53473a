package layout

import (
	"encoding/json"
	"slices"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// walker goes through the routes of a server as requests do.
type walker struct {
	scopeReader
	layout *Layout
	gateOf func(config json.RawMessage) Gate
	named  map[string]*caddyhttp.Route
	site   *siteLayout
	gates  []*placedGate  // of the sites whose errors are being answered
	groups map[string]int // the list of routes in which a group was met
	lists  int
	kind   map[string]*placedGate // what stands for all gates that delete headers with a prefix
}

// list goes through routes, each of which hands on to the next.
func (w *walker) list(routes caddyhttp.RouteList, f flow) flow {
	l := w.newList()
	for _, route := range routes {
		f = w.route(route, f, l)
	}
	return f
}

// route goes through one route and says what is known behind it.
func (w *walker) route(route caddyhttp.Route, f flow, l *routeList) flow {
	sets := w.scopeReader.scope(route)
	fields, person := personIn(route)
	if person {
		w.checkMatcher(f, fields)
	}
	in := f
	in.scope = f.scope.and(sets, w.opaque)
	g, elsewhere := w.group(l, route.Group)
	if elsewhere {
		in.scope = in.scope.narrowed(w.opaque())
	}
	own := in.scope
	matched := route.Group != "" || len(sets[0]) > 0
	in.person = person || f.person && !matched
	if g != nil {
		in.taken = slices.Clone(f.taken)
		for _, seen := range g.seen {
			in.taken = append(in.taken, answered{seen, "a block that takes every request"})
		}
		g.seen = append(g.seen, own)
	}
	php := false
	for _, s := range steps(route) {
		php = php || takesPHP(sets, s)
		in = w.step(s, in)
	}
	f = w.leave(f, in, own, route.Terminal, g)
	if php {
		f.taken = append(slices.Clip(f.taken), answered{f.scope, phpFastCGI})
	}
	return f
}

// leave returns what is known behind a route, from what was before it and at its
// end.
func (w *walker) leave(f, in flow, own scope, terminal bool, g *group) flow {
	by, dead := in.dead()
	if terminal && !dead {
		by, dead = "a terminal route", true
	}
	if g != nil {
		g.dead = g.dead && dead
		if !dead {
			g.alive = append(g.alive, in)
		}
	} else if !dead {
		f.taken, f.ran = in.taken, in.ran
	}
	if dead && (g == nil || g.dead) {
		f.taken = append(slices.Clip(f.taken), answered{own, by})
	}
	for _, p := range append(distinct(in.ran), w.kinds(in.ran)...) {
		if g != nil && g.passed(p.is) || g == nil && !dead && in.passed(p.is) {
			f.ran = noteRan(f.ran, own, p)
		}
	}
	if dead {
		return f // what happened inside happened to no request that comes here
	}
	f.maybe, f.basic, f.stale = in.maybe, f.basic || in.basic, union(f.stale, in.stale)
	return w.changedLike(f, in)
}

// step goes through one handler.
func (w *walker) step(s step, f flow) flow {
	switch s.name {
	case "proconnect":
		return w.gate(s, f)
	case "subroute":
		return w.subroute(s.subroute(), f)
	case "invoke":
		return w.invoke(s, f)
	}
	course, name := s.course()
	w.site.others = append(w.site.others, name)
	if s.name == "authentication" {
		return w.basicAuth(s, f)
	}
	if s.name == "intercept" || s.forwards() {
		w.checkResponses(s, name)
	}
	if course == answers || s.forwards() || s.mayAnswer() {
		w.ending(s, name, f)
	}
	switch {
	case course == answers:
		f.taken = append(slices.Clip(f.taken), answered{f.scope, name})
	case s.setsHost():
		f = w.rehosted(f)
	case course == changes:
		f = w.changed(f)
	}
	return f
}

// subroute goes through a subroute. One that answers errors itself may get a request
// on that one of its routes gave up.
func (w *walker) subroute(sub *caddyhttp.Subroute, f flow) flow {
	after := w.list(sub.Routes, f)
	if sub.Errors == nil || len(sub.Errors.Routes) == 0 {
		return after
	}
	failed, around := f, w.gates
	failed.errors = true
	w.gates = slices.Concat(around, w.site.gates)
	failed = w.list(sub.Errors.Routes, failed)
	w.gates = around
	w.site.handlesErrors = true
	if _, dead := failed.dead(); dead {
		return after
	}
	f.maybe, f.basic = slices.Concat(after.maybe, failed.maybe), after.basic || failed.basic
	f.stale = union(after.stale, failed.stale)
	if f = w.changedLike(f, after); failed.rehost > f.rehost {
		return w.rehosted(f)
	}
	return w.changed(f)
}

// namedDepth is how deep named routes may invoke one another. Caddy would follow one
// that invokes itself without end.
const namedDepth = 8

// invoke goes through a named route.
func (w *walker) invoke(s step, f flow) flow {
	var options caddyhttp.Invoke
	s.read(&options)
	route := w.named[options.Name]
	if route == nil || slices.Contains(f.named, options.Name) || len(f.named) == namedDepth {
		w.site.others = append(w.site.others, s.name)
		return w.changed(f)
	}
	around := f.named
	f.named = append(slices.Clip(around), options.Name)
	f = w.route(*route, f, w.newList())
	f.named = around
	return f
}

// gate notes a gate.
func (w *walker) gate(s step, f flow) flow {
	g := &placedGate{config: w.gateOf(s.config()), site: w.site, hosts: f.scope.hosts(), errors: f.errors, scope: f.scope, before: f.before(), behind: f.maybe}
	if len(f.named) > 0 {
		g.named = f.named[len(f.named)-1]
	}
	w.site.gates = append(w.site.gates, g)
	w.checkGate(g, f)
	f.ran = append(slices.Clip(f.ran), gateRan{f.scope, g})
	f.maybe = append(slices.Clip(f.maybe), g)
	return f
}

// ending notes a handler that answers, or may.
func (w *walker) ending(s step, name string, f flow) {
	if f.ended() {
		return
	}
	certain := f.certain()
	w.site.endings = append(w.site.endings, ending{
		name: name, hosts: f.scope.hosts(), path: f.scope.paths(), proxy: s.forwards() && !f.errors, gates: certain,
		closed: w.closed(f, certain), maybe: len(f.maybe) > 0,
	})
	if f.person && s.refuses() {
		w.warnRefusal(name, f)
	}
}
