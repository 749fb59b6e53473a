package layout

import (
	"slices"
	"strings"
)

// checkGate looks at what comes before a gate. One that nobody reaches is worse than
// none: its site is open, and looks as if it were not.
func (w *walker) checkGate(g *placedGate, f flow) {
	const remedy = "put proconnect in front of it (in a `route`, directives run in the order in which they are written)"
	if by, dead := f.dead(); dead {
		w.fault("%s answers every request before the proconnect gate, so nobody would reach the gate and the site would be open: %s", by, remedy)
		return
	}
	if !slices.ContainsFunc(f.scope, func(c conjunction) bool { return !slices.ContainsFunc(c, w.matchesNothing) }) {
		w.fault("no request gets to the proconnect gate, so the site would be open: the matcher around it matches nothing (addresses begin with a slash, and `not path /*` leaves none): say /admin /admin/*")
		return
	}
	match := w.raw(g.config.Match)
	if by, all := f.answered(f.scope.and(match, w.opaque)); all {
		w.fault("%s answers every request that the proconnect gate's matcher is for, before the gate, which would so keep nobody out: %s", by, remedy)
	}
	w.checkApart(g, f)
	if fields, person := personInSets(g.config.Match); person {
		w.checkMatcher(f, fields)
	}
	if f.basic {
		w.warnBasicAuth()
	}
	if f.rehost > 0 && g.config.Origin == "" {
		w.warn("a `header` or `request_header` gives requests another Host before the proconnect gate, which takes that for its own address: put it behind the gate, or say `origin`")
	}
}

// checkResponses looks for a gate that would run when the site has answered already:
// what was asked for is done by then, and other responses pass beside it.
func (w *walker) checkResponses(s step, name string) {
	var options struct {
		HandleResponse any `json:"handle_response"`
	}
	if s.read(&options) && holdsGate(options.HandleResponse) {
		w.layout.late = true
		w.fault("a proconnect gate in handle_response runs when the site has answered, so whatever a stranger asks for is done: put it in front of %s", name)
	}
}

// holdsGate says whether a gate is somewhere in a part of a configuration.
func holdsGate(v any) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, holdsGate)
	case map[string]any:
		for _, inner := range v {
			if holdsGate(inner) {
				return true
			}
		}
		return v["handler"] == "proconnect"
	}
	return false
}

// checkMatcher looks whether a gate has run where a proconnect matcher is tried.
func (w *walker) checkMatcher(f flow, fields []string) {
	const remedy = "put it behind `proconnect`, in a `handle`, `route`, `respond`, `reverse_proxy` or `file_server` (outside of a `route`, `header`, `redir`, `log_skip` and `vars` run before `proconnect`)"
	_, dead := f.dead()
	switch on := strings.Join(fields, " "); {
	case dead:
	case len(f.maybe) == 0 && len(w.gates) == 0:
		w.fault("the proconnect matcher on %s is tried where no gate has run, so every request would be refused there: %s", on, remedy)
	case !f.errors && !f.passed(anyGate):
		w.warn("the proconnect matcher on %s is tried where a gate has run on some requests alone: the others are refused with an error: %s", on, remedy)
	}
}

// warnRefusal warns of a matcher that is used to refuse people: it lets a person
// through if a needed claim is missing.
func (w *walker) warnRefusal(name string, f flow) {
	at := ""
	if path := f.scope.paths(); path != "" {
		at = " at " + path
	}
	w.warn("`%s`%s refuses people by a proconnect matcher: if ProConnect does not tell the claim, neither the matcher nor its negation matches, and the person passes: write the condition as a `deny` of the gate", name, at)
}

// basicAuth notes an authentication that writes the same placeholder as a gate.
func (w *walker) basicAuth(s step, f flow) flow {
	var options struct {
		Providers map[string]any `json:"providers"`
	}
	s.read(&options)
	if _, basic := options.Providers["http_basic"]; !basic && s.done == nil {
		return f
	}
	f.basic = true
	for _, g := range distinct(f.ran) {
		if g.site != nil && f.passed(g.is) && !w.exempts(g, f.scope) {
			w.warnBasicAuth()
		}
	}
	return f
}

func (w *walker) warnBasicAuth() {
	w.warn("`basic_auth` on a gated route writes the placeholder {http.auth.user.id} too, and the access log's user_id: take {http.auth.user.sub} for the person whom ProConnect names")
}

// exempts says whether a gate's matcher is `not`, around what all requests of a scope
// meet.
func (w *walker) exempts(g *placedGate, s scope) bool {
	for _, set := range g.config.Match {
		if len(set) != 1 || !s.coveredBy(w.negated(set["not"])) {
			return false
		}
	}
	return len(g.config.Match) > 0
}
