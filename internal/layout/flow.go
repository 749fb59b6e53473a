package layout

import (
	"slices"
	"strings"
)

// flow is what is known of the requests that get to a point of the routes.
type flow struct {
	scope  scope         // which of the site's requests come here; later matchers are tried on them
	taken  []answered    // requests that something before this point has answered
	ran    []gateRan     // requests on which a gate has run
	maybe  []*placedGate // every gate that may have run
	stale  []*placedGate // those that ran on another form of these requests, and may not have gated all of them
	basic  bool          // basic_auth may have run
	person bool          // a proconnect matcher, and no other, says who comes here
	errors bool          // inside of handle_errors
	named  []string      // the named routes around
	change int           // how often requests were changed
	rehost int           // how often, so that they have another host
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
func (f flow) dead() (by string, dead bool) {
	if by, dead = f.answered(f.scope); dead && !f.ended() {
		by = phpFastCGI
	}
	return by, dead
}

// phpFastCGI answers for an application, and leaves the files of the site to whatever
// is behind it.
const phpFastCGI = "php_fastcgi"

// ended is dead, but for files that php_fastcgi leaves.
func (f flow) ended() bool {
	f.taken = slices.DeleteFunc(slices.Clone(f.taken), func(a answered) bool { return a.by == phpFastCGI })
	_, ended := f.answered(f.scope)
	return ended
}

// answered says whether all requests of a scope are answered already.
func (f flow) answered(s scope) (by string, all bool) {
	if !s.coveredBy(f.before()...) {
		return "", false
	}
	for _, a := range f.taken {
		if s[:1].coveredBy(a.scope) {
			return a.by, true
		}
	}
	return "", true
}

// before returns the scopes of the requests that are answered already.
func (f flow) before() (scopes []scope) {
	for _, a := range f.taken {
		scopes = append(scopes, a.scope)
	}
	return scopes
}

// passed says whether one of some gates has certainly run on every request that
// gets here.
func (f flow) passed(some func(*placedGate) bool) bool {
	before := f.before()
	for _, r := range f.ran {
		if some(r.gate) {
			before = append(before, r.scope)
		}
	}
	return f.scope.coveredBy(before...)
}

func anyGate(*placedGate) bool { return true }

// certain returns the gates each of which has run on every request that gets here.
func (f flow) certain() []*placedGate {
	return slices.DeleteFunc(distinct(f.ran), func(g *placedGate) bool { return !f.passed(g.is) })
}

// changed is the flow behind a handler that may have changed what matchers see. What
// held of all requests goes on to do so.
func (f flow) changed(opaque atom) flow {
	f.change++
	return f.kept(f.scope.hostsOnly().narrowed(opaque), scope.onlyHosts)
}

// rehosted is changed behind a handler that gives requests another host.
func (f flow) rehosted(opaque atom) flow {
	f.change++
	f.rehost++
	return f.kept(everything.narrowed(opaque), func(scope) bool { return false })
}

// kept has another scope, and what was known of scopes that hold still.
func (f flow) kept(now scope, holds func(scope) bool) flow {
	by, dead := f.dead()
	passed := f.certain()
	f.scope = now
	f.taken = slices.DeleteFunc(slices.Clone(f.taken), func(a answered) bool { return !holds(a.scope) })
	f.ran = slices.DeleteFunc(slices.Clone(f.ran), func(r gateRan) bool { return !holds(r.scope) })
	if dead {
		f.taken = append(f.taken, answered{f.scope, by})
	}
	for _, g := range passed {
		f.ran = append(f.ran, gateRan{f.scope, g})
	}
	return f
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
