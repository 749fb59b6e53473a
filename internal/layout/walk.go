package layout

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
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

// flow is what is known of the requests that get to a point of the routes.
type flow struct {
	scope  scope         // which of the site's requests come here; later matchers are tried on them
	taken  []answered    // requests that something before this point has answered
	ran    []gateRan     // requests on which a gate has run
	maybe  []*placedGate // every gate that may have run
	basic  bool          // basic_auth may have run
	person bool          // a proconnect matcher, and no other, says who comes here
	errors bool          // inside of handle_errors
	named  []string      // the named routes around
	change int           // how often requests were changed
}

type answered struct {
	scope scope
	by    string
}

type gateRan struct {
	scope scope
	gate  *placedGate
}

// dead says whether no request gets here, and what answers them all.
func (f flow) dead() (by string, dead bool) { return f.answered(f.scope) }

// answered says whether all requests of a scope are answered already.
func (f flow) answered(s scope) (by string, all bool) {
	var before []scope
	for _, a := range f.taken {
		before = append(before, a.scope)
	}
	if !s.coveredBy(before...) {
		return "", false
	}
	for _, a := range f.taken {
		if s[:1].coveredBy(a.scope) {
			return a.by, true
		}
	}
	return "", true
}

// passed says whether one of some gates has certainly run on every request that
// gets here.
func (f flow) passed(some func(*placedGate) bool) bool {
	var before []scope
	for _, a := range f.taken {
		before = append(before, a.scope)
	}
	for _, r := range f.ran {
		if some(r.gate) {
			before = append(before, r.scope)
		}
	}
	return f.scope.coveredBy(before...)
}

func anyGate(*placedGate) bool { return true }

// changed is the flow behind a handler that may have changed what matchers see. What
// held of all requests goes on to do so.
func (f flow) changed(opaque atom) flow {
	by, dead := f.dead()
	passed := f.certain()
	f.change++
	f.scope = f.scope.hostsOnly().narrowed(opaque)
	f.taken = slices.DeleteFunc(slices.Clone(f.taken), func(a answered) bool { return !a.scope.onlyHosts() })
	f.ran = slices.DeleteFunc(slices.Clone(f.ran), func(r gateRan) bool { return !r.scope.onlyHosts() })
	if dead {
		f.taken = append(f.taken, answered{f.scope, by})
	}
	for _, g := range passed {
		f.ran = append(f.ran, gateRan{f.scope, g})
	}
	return f
}

// certain returns the gates each of which has run on every request that gets here.
func (f flow) certain() []*placedGate {
	return slices.DeleteFunc(distinct(f.ran), func(g *placedGate) bool { return !f.passed(g.is) })
}

// is says whether another gate is this one; or of this kind, if this is none but
// stands for the gates that delete the same headers, whichever of them ran.
func (g *placedGate) is(other *placedGate) bool {
	return g == other || g.site == nil && (g.config.Headers == "" || strings.EqualFold(g.config.Headers, other.config.Headers))
}

// kinds returns what stands for the gates of each kind that ran somewhere: behind a
// group of routes it may be certain that one of them did.
func (w *walker) kinds(ran []gateRan) (kinds []*placedGate) {
	for _, g := range distinct(ran) {
		for _, prefix := range []string{"", strings.ToLower(g.config.Headers)} {
			if w.kind[prefix] == nil {
				w.kind[prefix] = &placedGate{config: Gate{Headers: prefix}}
			}
			if !slices.Contains(kinds, w.kind[prefix]) {
				kinds = append(kinds, w.kind[prefix])
			}
		}
	}
	return kinds
}

// distinct returns the gates that ran somewhere.
func distinct(ran []gateRan) (gates []*placedGate) {
	for _, r := range ran {
		if !slices.Contains(gates, r.gate) {
			gates = append(gates, r.gate)
		}
	}
	return gates
}

// noteRan notes that a gate ran on a scope, unless that is known.
func noteRan(ran []gateRan, s scope, g *placedGate) []gateRan {
	if slices.ContainsFunc(ran, func(r gateRan) bool { return r.gate == g && s.coveredBy(r.scope) }) {
		return ran
	}
	return append(slices.Clip(ran), gateRan{s, g})
}

// list goes through routes, each of which hands on to the next.
func (w *walker) list(routes caddyhttp.RouteList, f flow) flow {
	l := w.newList()
	for _, route := range routes {
		f = w.route(route, f, l)
	}
	return f
}

// routeList is what a walk through a list of routes remembers of their groups, of
// each of which one route at most is taken.
type routeList struct {
	number int
	groups map[string]*group
}

type group struct {
	seen  []scope // requests that a route of the group has taken
	dead  bool    // none of them got through
	alive []flow  // what is known at the end of the routes that let some through
}

// passed says whether one of some gates has run on every request that got through
// one of the routes.
func (g *group) passed(some func(*placedGate) bool) bool {
	return !slices.ContainsFunc(g.alive, func(f flow) bool { return !f.passed(some) })
}

func (w *walker) newList() *routeList {
	w.lists++
	return &routeList{number: w.lists, groups: make(map[string]*group)}
}

// group finds a route's group. Caddy knows groups by name for the whole of a
// request: of one that has routes in several lists nothing is certain.
func (w *walker) group(l *routeList, name string) (g *group, elsewhere bool) {
	if name == "" {
		return nil, false
	}
	if home, known := w.groups[name]; known && home != l.number {
		return nil, true
	}
	w.groups[name] = l.number
	if l.groups[name] == nil {
		l.groups[name] = &group{dead: true}
	}
	return l.groups[name], false
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
		f.taken = append(slices.Clip(f.taken), answered{f.scope, "php_fastcgi"})
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
	f.maybe, f.basic = in.maybe, f.basic || in.basic
	if in.change > f.change {
		f = f.changed(w.opaque())
	}
	return f
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
	case "authentication":
		return w.basicAuth(s, f)
	}
	course, name := s.course()
	if s.name == "intercept" || s.forwards() {
		w.checkResponses(s, name)
	}
	if course == answers || s.forwards() {
		w.ending(s, name, f)
	}
	switch course {
	case answers:
		f.taken = append(slices.Clip(f.taken), answered{f.scope, name})
	case changes:
		f = f.changed(w.opaque())
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
	return f.changed(w.opaque())
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
		return f.changed(w.opaque())
	}
	around := f.named
	f.named = append(slices.Clip(around), options.Name)
	f = w.route(*route, f, w.newList())
	f.named = around
	return f
}

// gate notes a gate.
func (w *walker) gate(s step, f flow) flow {
	g := &placedGate{config: w.gateOf(s.config()), site: w.site, hosts: f.scope.hosts(), errors: f.errors}
	if len(f.named) > 0 {
		g.named = f.named[len(f.named)-1]
	}
	w.site.gates = append(w.site.gates, g)
	w.checkGate(g, f)
	f.ran = append(slices.Clip(f.ran), gateRan{f.scope, g})
	f.maybe = append(slices.Clip(f.maybe), g)
	return f
}

// ending notes a handler that answers.
func (w *walker) ending(s step, name string, f flow) {
	if _, dead := f.dead(); dead {
		return
	}
	w.site.endings = append(w.site.endings, ending{
		name: name, hosts: f.scope.hosts(), path: f.scope.paths(), proxy: s.forwards() && !f.errors, gates: f.certain(),
	})
	if f.person && s.refuses() {
		w.warnRefusal(name, f)
	}
}

// personIn says whether a route has a proconnect matcher, and which claims it reads.
func personIn(route caddyhttp.Route) (fields []string, found bool) {
	if len(route.MatcherSetsRaw) > 0 {
		return personInSets(route.MatcherSetsRaw)
	}
	for _, set := range route.MatcherSets {
		of, in := personInSet(set)
		fields, found = append(fields, of...), found || in
	}
	return fields, found
}

func personInSets(sets []caddy.ModuleMap) (fields []string, found bool) {
	for _, set := range sets {
		of, in := personInRaw(set)
		fields, found = append(fields, of...), found || in
	}
	return fields, found
}

func personInRaw(set caddy.ModuleMap) (fields []string, found bool) {
	if text, ok := set["proconnect"]; ok {
		return fieldsOf(text), true
	}
	var inner []caddy.ModuleMap
	_ = json.Unmarshal(set["not"], &inner)
	return personInSets(inner)
}

func personInSet(set caddyhttp.MatcherSet) (fields []string, found bool) {
	for _, m := range set {
		if not, ok := m.(*caddyhttp.MatchNot); ok {
			for _, set := range not.MatcherSets {
				of, in := personInSet(set)
				fields, found = append(fields, of...), found || in
			}
		} else if moduleName(m) == "proconnect" {
			text, _ := json.Marshal(m)
			fields, found = append(fields, fieldsOf(text)...), true
		}
	}
	return fields, found
}

// fieldsOf returns the claims that a proconnect matcher reads.
func fieldsOf(config json.RawMessage) []string {
	var m struct {
		Conditions []struct {
			Field string `json:"field"`
		} `json:"conditions"`
		Any bool `json:"any"`
	}
	_ = json.Unmarshal(config, &m) // what it cannot read Caddy refuses
	fields := []string{}
	for _, c := range m.Conditions {
		fields = append(fields, c.Field)
	}
	if m.Any {
		fields = append(fields, "any")
	}
	return fields
}
