package layout

import (
	"cmp"
	"slices"
	"strings"
)

// checkApart warns of a gate in a block for some paths whose own matcher is for others:
// people take them for parts of the block's, and the gate would be nowhere.
func (w *walker) checkApart(g *placedGate, f flow) {
	match := w.raw(g.config.Match)
	if len(g.config.Match) == 0 || slices.ContainsFunc(f.scope.and(match, w.opaque), func(c conjunction) bool { return !c.pathsApart() }) {
		return
	}
	w.warn("the proconnect gate's matcher is for %s, inside a block for %s: no address is in both, so the gate keeps nobody out there: write whole paths, or put it outside of the block",
		Describe(g.config.Match), cmp.Or(f.scope.paths(), "others"))
}

// pathsApart says whether two of the path matchers that a request must meet have no address
// in common. What a server may make of a script's name is left out.
func (c conjunction) pathsApart() bool {
	var before [][]string
	for _, a := range c {
		if a.name != "path" {
			continue
		}
		if slices.ContainsFunc(before, func(list []string) bool { return listsApart(a.list, list) }) {
			return true
		}
		before = append(before, a.list)
	}
	return false
}

func listsApart(a, b []string) bool {
	return !slices.ContainsFunc(a, func(x string) bool {
		return slices.ContainsFunc(b, func(y string) bool { return !patternsApart(x, y) })
	})
}

// patternsApart says whether the beginnings of two patterns, as far as they are literal,
// differ.
func patternsApart(a, b string) bool {
	if strings.ContainsAny(a+b, `.%?[\{`) {
		return false
	}
	x, _, open := strings.Cut(a, "*")
	y, _, openToo := strings.Cut(b, "*")
	switch {
	case len(x) < len(y):
		return !open || !strings.HasPrefix(y, x)
	case len(y) < len(x):
		return !openToo || !strings.HasPrefix(x, y)
	}
	return x != y
}
