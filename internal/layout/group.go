package layout

import (
	"slices"
)

// routeList is what a walk through a list of routes remembers of their groups, of
// each of which one route at most is taken.
type routeList struct {
	number int
	groups map[string]*group
}

func (w *walker) newList() *routeList {
	w.lists++
	return &routeList{number: w.lists, groups: make(map[string]*group)}
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
