package layout

import (
	"slices"
	"strings"
)

// scope is a set of requests: those that meet any of its conditions.
type scope []conjunction

// conjunction is a set of matchers, all of which must match. Without any it is every
// request.
type conjunction []atom

// atom is one matcher. Two atoms that are equal match the same requests.
type atom struct {
	name string
	list []string // the values of host, path and method, any of which matches
	text string   // of the others
}

// everything is the scope of all requests.
var everything = scope{{}}

// scopeLimit is how many conditions a scope may have. Beyond it no more is known
// than that it is narrower than the one around it.
const scopeLimit = 64

// coveredBy says whether every request of s certainly meets one of the others.
func (s scope) coveredBy(others ...scope) bool {
	return !slices.ContainsFunc(s, func(c conjunction) bool {
		return !slices.ContainsFunc(others, func(o scope) bool {
			return slices.ContainsFunc(o, func(d conjunction) bool { return c.implies(d) })
		})
	})
}

// implies says whether whatever meets c meets d.
func (c conjunction) implies(d conjunction) bool {
	return !slices.ContainsFunc(d, func(b atom) bool {
		return !slices.ContainsFunc(c, func(a atom) bool { return a.implies(b) })
	})
}

func (a atom) implies(b atom) bool {
	if a.name != b.name || a.text != b.text {
		return false
	}
	return !slices.ContainsFunc(a.list, func(x string) bool {
		return !slices.ContainsFunc(b.list, func(y string) bool {
			return x == y && !varies(x) || a.name == "path" && pathBelow(x, y)
		})
	})
}

// varies says whether a value has a placeholder that may stand for something else when
// it is looked at again, such as {vars.area}. The environment stays.
func varies(value string) bool {
	return strings.Count(value, "{") > strings.Count(value, "{env.")
}

// pathBelow says whether a pattern matches nothing that another, a prefix, does not.
func pathBelow(pattern, prefix string) bool {
	head, ok := strings.CutSuffix(prefix, "*")
	literal, _, _ := strings.Cut(pattern, "*")
	return ok && !strings.ContainsAny(head, "*%{") && !strings.Contains(literal, "{") && strings.HasPrefix(literal, head)
}

// and returns the requests of s that meet inner, too.
func (s scope) and(inner scope, opaque func() atom) scope {
	if len(s)*len(inner) > scopeLimit {
		return s.narrowed(opaque())
	}
	var both scope
	for _, c := range s {
		for _, d := range inner {
			both = append(both, append(slices.Clip(c), d...))
		}
	}
	return both
}

// narrowed returns a part of s of which nothing else is known.
func (s scope) narrowed(by atom) scope {
	part := make(scope, len(s))
	for i, c := range s {
		part[i] = append(slices.Clip(c), by)
	}
	return part
}

// hostsOnly drops what a changed request may meet no longer. Nothing changes its host.
func (s scope) hostsOnly() scope {
	rest := make(scope, len(s))
	for i, c := range s {
		rest[i] = slices.DeleteFunc(slices.Clone(c), func(a atom) bool { return a.name != "host" })
	}
	return rest
}

// onlyHosts says whether no more than a request's host decides.
func (s scope) onlyHosts() bool {
	return slices.EqualFunc(s, s.hostsOnly(), func(a, b conjunction) bool { return len(a) == len(b) })
}

// hosts returns the names under which requests of s come; none if that is any.
func (s scope) hosts() []string {
	var all []string
	known := make(map[string]bool)
	for _, c := range s {
		list := c.hosts()
		if len(list) == 0 {
			return nil
		}
		for _, host := range list {
			if !known[host] {
				known[host] = true
				all = append(all, host)
			}
		}
	}
	return all
}

func (c conjunction) hosts() []string {
	for _, a := range slices.Backward(c) { // the innermost is the narrowest
		if a.name == "host" {
			return a.list
		}
	}
	return nil
}

// paths returns the path patterns of s for messages, if that is all it says.
func (s scope) paths() string {
	if len(s) != 1 {
		return ""
	}
	for _, a := range slices.Backward(s[0]) {
		if a.name == "path" {
			return strings.Join(a.list, " ")
		}
	}
	return ""
}
