package layout

import (
	"fmt"
	"slices"
	"strings"
)

// fault notes what must not load, warn what an operator should know.
func (w *walker) fault(format string, args ...any) {
	w.layout.add(Finding{Fault: true, Site: w.site.name(), Text: fmt.Sprintf(format, args...)})
}

func (w *walker) warn(format string, args ...any) {
	w.layout.add(Finding{Site: w.site.name(), Text: fmt.Sprintf(format, args...)})
}

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
	if fields, person := personInSets(g.config.Match); person {
		w.checkMatcher(f, fields)
	}
	if f.basic {
		w.warnBasicAuth()
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

// warnRefusal warns of a matcher by which people are refused: it lets those through
// of whom nothing is known.
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

// judge looks at what can be seen only when all routes were read.
func (l *Layout) judge() {
	gates, failing := l.byHost()
	for _, site := range l.sites {
		for _, g := range site.gates {
			l.judgeGate(g, gates, failing)
		}
		for _, e := range site.endings {
			l.judgeEnding(site, e, gates)
		}
	}
	if len(gates) > 0 || l.late || slices.ContainsFunc(l.sites, func(s *siteLayout) bool { return len(s.gates) > 0 }) {
		return
	}
	for i := range l.findings { // a configuration without a gate is nothing that we may refuse
		l.findings[i].Fault = false
	}
}

// hostKey is a host of a server; an empty one is any.
type hostKey struct{ server, host string }

func hostKeys(server string, hosts []string) []hostKey {
	if len(hosts) == 0 {
		return []hostKey{{server, ""}}
	}
	keys := make([]hostKey, len(hosts))
	for i, host := range hosts {
		keys[i] = hostKey{server, host}
	}
	return keys
}

// byHost returns the gates of sites, and the routes that answer errors, by their
// hosts: there may be thousands.
func (l *Layout) byHost() (gates map[hostKey][]*placedGate, failing map[hostKey][]*siteLayout) {
	gates, failing = make(map[hostKey][]*placedGate), make(map[hostKey][]*siteLayout)
	for _, site := range l.sites {
		for _, g := range site.gates {
			for _, key := range hostKeys(site.server, g.hosts) {
				if !g.errors {
					gates[key] = append(gates[key], g)
				}
			}
		}
		for _, key := range hostKeys(site.server, site.hosts) {
			if site.errors {
				failing[key] = append(failing[key], site)
			}
		}
	}
	return gates, failing
}

func (l *Layout) judgeGate(g *placedGate, gates map[hostKey][]*placedGate, failing map[hostKey][]*siteLayout) {
	site := g.site.name()
	if g.errors && !anyAt(gates, g.site.server, g.hosts) {
		l.add(Finding{true, site, "the only proconnect gate is inside handle_errors, which runs when the site has failed to answer: the site itself would be open: put the gate into the site, beside handle_errors"})
	}
	if g.config.ErrorsToCaddy && !g.errors && !g.site.handlesErrors && !anyAt(failing, g.site.server, g.hosts) {
		l.add(Finding{false, site, "`errors caddy` gives refusals and errors to handle_errors, which this site does not have: people would get an empty answer: add handle_errors, or remove `errors caddy`"})
	}
	if i := slices.IndexFunc(g.hosts, func(host string) bool { return strings.Contains(host, "*") }); i >= 0 && g.config.Origin != "" {
		l.add(Finding{false, site, fmt.Sprintf("`origin %s` on a site that answers %s: people can log in at this one name alone: give each name a site of its own, or say the names that there are", g.config.Origin, g.hosts[i])})
	}
	for _, key := range hostKeys(g.site.server, g.hosts) {
		for _, other := range slices.Concat(gates[key], g.site.gates) {
			if path, both := takesAnswers(g.config, other.config); both && hostsOverlap(g.hosts, other.hosts) {
				one, two := g.config.Client, other.config.Client
				l.add(Finding{true, site, fmt.Sprintf("the gates of the clients %q and %q both answer under %s, so one would take ProConnect's answers to the other: give the gates of one of them another `path`, and register its addresses", min(one, two), max(one, two), path)})
			}
		}
	}
}

// anyAt says whether something is known of some hosts of a server, or of any host
// that may be one of these.
func anyAt[T any](known map[hostKey][]T, server string, hosts []string) bool {
	for _, key := range append(hostKeys(server, hosts), hostKey{server, ""}) {
		if len(known[key]) > 0 {
			return true
		}
	}
	for key := range known {
		if key.server == server && (len(hosts) == 0 || hostsOverlap(hosts, []string{key.host})) {
			return true
		}
	}
	return false
}

// takesAnswers says whether two gates of different clients answer one address, and
// under which path.
func takesAnswers(a, b Gate) (path string, both bool) {
	if a.Client == b.Client {
		return "", false
	}
	for _, pair := range [][2]Gate{{a, b}, {b, a}} {
		one, other := pair[0], pair[1]
		for _, p := range []string{one.Path, one.CallbackPath, one.LoggedOutPath} {
			if p == other.CallbackPath || p == other.LoggedOutPath || strings.HasPrefix(p+"/", other.Path+"/") {
				return p, true
			}
		}
	}
	return "", false
}

// judgeEnding looks for what answers beside the gates of its site: there nothing of
// ours has run that takes a client's own identity headers, and our cookies, away.
func (l *Layout) judgeEnding(site *siteLayout, e ending, gates map[hostKey][]*placedGate) {
	if !e.proxy {
		return
	}
	at := ""
	if e.path != "" {
		at = " at " + e.path
	}
	const remedy = "put the gate outside of `handle` and `route`, with the matcher on the directive, as in proconnect /admin/* { … }"
	cookies := ""
	if len(e.gates) == 0 {
		cookies = ", and our cookies"
	}
	for _, key := range hostKeys(site.server, e.hosts) {
		for _, g := range slices.Concat(gates[key], site.gates) {
			switch prefix := g.config.Headers; {
			case g.errors || !hostsOverlap(g.hosts, e.hosts):
			case prefix != "" && !slices.ContainsFunc(e.gates, func(ran *placedGate) bool { return strings.EqualFold(ran.config.Headers, prefix) }):
				l.add(Finding{true, site.name(), fmt.Sprintf("%s%s is reached without the proconnect gate that has `headers`, so a client's own %s… headers would reach it%s: %s", e.name, at, prefix, cookies, remedy)})
			case len(e.gates) == 0:
				l.add(Finding{false, site.name(), fmt.Sprintf("%s%s is reached without a proconnect gate, so our cookies reach it: %s", e.name, at, remedy)})
			}
		}
	}
}
