package layout

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
)

// Site is what requests for some names meet, for whoever asks what is open.
type Site struct {
	Server  string
	Hosts   []string // none: any name
	Errors  bool     // it answers the errors of sites with these names
	Gates   []*SiteGate
	Answers []Answer
}

// SiteGate is a gate of a site.
type SiteGate struct {
	Gate
	Where string // what its own matcher and the blocks around it say; empty: everything
}

// State says who gets an answer.
type State string

// States of answers.
const (
	Gated   State = "gated"   // only people whom a gate admits
	Partly  State = "partly"  // everybody, where the matcher of a gate does not match
	Open    State = "open"    // everybody
	Unclear State = "unclear" // a gate may have run: the routes do not tell for which requests
)

// Answer is a handler that answers requests.
type Answer struct {
	By    string // its directive
	Path  string // the paths of its block; empty: any, or other matchers decide
	State State
	Gates []*SiteGate // those that have certainly run before
}

// Sites returns the sites, servers by name, their routes in order. Routes for the same
// names are one site: a Caddyfile's site for any name has no route around its own.
func (l *Layout) Sites() (all []Site) {
	gates := make(map[*placedGate]*SiteGate)
	for _, site := range l.sites {
		s := Site{Server: site.server, Hosts: site.hosts, Errors: site.errors}
		for _, g := range site.gates {
			gates[g] = &SiteGate{g.config, g.where()}
			s.Gates = append(s.Gates, gates[g])
		}
		for _, e := range site.endings {
			s.Answers = append(s.Answers, site.answer(e, gates))
		}
		if i := slices.IndexFunc(all, s.same); i >= 0 {
			all[i].Gates, all[i].Answers = append(all[i].Gates, s.Gates...), append(all[i].Answers, s.Answers...)
			continue
		}
		all = append(all, s)
	}
	return all
}

func (s Site) same(other Site) bool {
	return s.Server == other.Server && s.Errors == other.Errors && slices.Equal(s.Hosts, other.Hosts)
}

// answer tells who gets what a handler answers.
func (s *siteLayout) answer(e ending, gates map[*placedGate]*SiteGate) Answer {
	a := Answer{By: e.name, Path: e.path, State: Open}
	certain := false
	for _, g := range e.gates {
		if named := gates[g]; named != nil {
			a.Gates, certain = append(a.Gates, named), true
		}
	}
	switch {
	case e.closed, !certain && len(e.gates) > 0 && !slices.ContainsFunc(s.gates, letsPass):
		a.State = Gated // in the second case one of the site's gates has run, whichever it was
	case slices.ContainsFunc(a.Gates, func(g *SiteGate) bool { return !g.Optional }):
		a.State = Partly
	case !certain && slices.ContainsFunc(s.gates, func(g *placedGate) bool { return !g.errors && !g.config.Optional }) && e.maybe:
		a.State = Unclear
	}
	return a
}

// letsPass says whether strangers may pass a gate.
func letsPass(g *placedGate) bool { return g.config.Optional || len(g.config.Match) > 0 }

// closed says whether one of some gates, which certainly have run, has gated every
// request that gets here.
func (w *walker) closed(f flow, ran []*placedGate) bool {
	return slices.ContainsFunc(ran, func(g *placedGate) bool {
		return g.site != nil && !g.config.Optional && !slices.Contains(f.stale, g) && w.matchesAll(g, f)
	})
}

// where tells what a gate is for, as its site's configuration has it.
func (g *placedGate) where() string {
	own, around := Describe(g.config.Match), g.scope.paths()
	switch {
	case own == "":
		return around
	case around == "" || around == own:
		return own
	}
	return own + ", inside " + around
}

// Describe tells matcher sets in few words; empty if there are none.
func Describe(sets []caddy.ModuleMap) string {
	var all []string
	for _, set := range sets {
		var words []string
		for _, name := range slices.Sorted(maps.Keys(set)) {
			words = append(words, describeMatcher(name, set[name]))
		}
		all = append(all, strings.Join(words, ", "))
	}
	return strings.Join(all, " or ")
}

func describeMatcher(name string, raw json.RawMessage) string {
	var list []string
	switch {
	case name == "path" && json.Unmarshal(raw, &list) == nil:
		return strings.Join(list, " ")
	case (name == "method" || name == "host") && json.Unmarshal(raw, &list) == nil:
		return name + " " + strings.Join(list, " ")
	case name == "not":
		var sets []caddy.ModuleMap
		if json.Unmarshal(raw, &sets) == nil {
			return "all but " + Describe(sets)
		}
	}
	return "a matcher " + name
}
