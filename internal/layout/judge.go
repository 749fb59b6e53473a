package layout

import (
	"fmt"
	"slices"
	"strings"
)

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
		for _, other := range slices.Concat(gates[key], g.site.gates, g.behind) {
			if path, both := takesAnswers(g.config, other.config); both && hostsOverlap(g.hosts, other.hosts) {
				one, two := g.config.Client, other.config.Client
				l.add(Finding{true, site, fmt.Sprintf("the gates of the clients %q and %q both answer under %s, so one would take ProConnect's answers to the other: give the gates of one of them another `path`, and register its addresses", min(one, two), max(one, two), path)})
			}
			if a, b := g.config, other.config; a.Headers != "" && strings.EqualFold(a.Headers, b.Headers) && a.Encoding != b.Encoding && hostsOverlap(g.hosts, other.hosts) {
				l.add(Finding{true, site, fmt.Sprintf("two gates write the same %s… headers, one with `percent` and one without, so the application could not tell how to read them: write both alike", strings.ToLower(a.Headers))})
			}
		}
	}
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
