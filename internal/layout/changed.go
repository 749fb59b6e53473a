package layout

import (
	"path"
	"slices"
	"strings"
)

// A gate looks at a request as it came, and at what it is at the gate. What is changed
// behind the gate, it did not see: `rewrite /x /admin/secret` leads strangers past a gate
// that is for /admin/*. So its matcher says nothing of what answers there.

// changed is the flow behind a handler that may have changed what matchers see.
func (w *walker) changed(f flow) flow { return w.outdated(f).changed(w.opaque()) }

// rehosted is changed, where requests have another host, too.
func (w *walker) rehosted(f flow) flow { return w.outdated(f).rehosted(w.opaque()) }

// changedLike is what is known of requests of which some were changed in a block.
func (w *walker) changedLike(f, in flow) flow {
	switch {
	case in.rehost > f.rehost:
		return w.rehosted(f)
	case in.change > f.change:
		return w.changed(f)
	}
	return f
}

// outdated notes the gates whose matchers say no longer which requests they gated.
func (w *walker) outdated(f flow) flow {
	for _, g := range distinct(f.ran) {
		if g.site != nil && !w.matchesAll(g, f) {
			f.stale = union(f.stale, []*placedGate{g})
		}
	}
	return f
}

// matchesAll says whether a gate's own matcher matches whatever gets here.
func (w *walker) matchesAll(g *placedGate, f flow) bool {
	return f.scope.coveredBy(w.raw(g.config.Match))
}

func union(a, b []*placedGate) []*placedGate {
	all := slices.Clip(a)
	for _, g := range b {
		if !slices.Contains(all, g) {
			all = append(all, g)
		}
	}
	return all
}

// setsHost says whether a step gives requests another host, as `request_header Host …`
// does: the matchers behind it read that one.
func (s step) setsHost() bool {
	var options struct {
		Request struct {
			Add, Set, Replace map[string]any
			Delete            []string
		} `json:"request"`
	}
	if s.name != "headers" || !s.read(&options) {
		return false
	}
	for _, changed := range []map[string]any{options.Request.Add, options.Request.Set, options.Request.Replace} {
		for name := range changed {
			if namesHost(name) {
				return true
			}
		}
	}
	return slices.ContainsFunc(options.Request.Delete, namesHost)
}

// namesHost says whether Host may be what the name of a header, a pattern of names, or a
// placeholder stands for.
func namesHost(name string) bool {
	matched, err := path.Match(strings.ToLower(name), "host")
	return matched || err != nil || strings.Contains(name, "{")
}
