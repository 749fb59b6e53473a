package layout

import "slices"

// Place is a gate of the configuration.
type Place struct {
	Hosts []string // the names under which requests meet it; none: any name
	Gate  Gate
}

// Places returns the gates in an order that is the configuration's own: servers by name,
// their routes in order, those that answer errors, and then the named ones. Caddy
// provisions servers and named routes in any order, another one at each load.
func (l *Layout) Places() (all []Place) {
	l.places = make(map[*placedGate]int)
	for _, s := range l.ordered {
		for _, g := range s.places() {
			l.places[g] = len(all)
			all = append(all, Place{s.hostsAt(g), g.config})
		}
	}
	return all
}

// places are the gates of a server. One of a named route is there once, wherever it is
// invoked; two of the same text are the same there.
func (s *serverLayout) places() (all []*placedGate) {
	named, known := []*placedGate(nil), make(map[string]bool)
	for _, site := range slices.Concat(s.routes, s.errors) {
		for _, g := range site.gates {
			if g.named == "" {
				all = append(all, g)
			} else if !known[g.config.Text] {
				known[g.config.Text] = true
				named = append(named, g)
			}
		}
	}
	return append(all, named...)
}

// hostsAt are the names under which requests meet a gate, wherever it is invoked.
func (s *serverLayout) hostsAt(g *placedGate) []string {
	if g.named != "" {
		hosts, _ := s.invokedUnder(func(other *placedGate) bool { return other.config.Text == g.config.Text })
		return hosts
	}
	if g.errors {
		return s.failingHosts(g.hosts)
	}
	return g.hosts
}
