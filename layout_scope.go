package proconnect

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"golang.org/x/net/idna"

	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"
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
		return !slices.ContainsFunc(b.list, func(y string) bool { return x == y || a.name == "path" && pathBelow(x, y) })
	})
}

// matchesNothing says whether no request can match: addresses begin with a slash, and
// nothing is left of them without all.
func (a atom) matchesNothing() bool {
	switch a.name {
	case "path":
		return !slices.ContainsFunc(a.list, upstream.MayMatchAddress)
	case "not":
		return slices.ContainsFunc(new(scopeReader).negated(json.RawMessage(a.text)), func(c conjunction) bool { return len(c) == 0 })
	}
	return false
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

// scopeReader turns matcher sets into scopes.
type scopeReader struct{ unknown int }

// opaque is a matcher of which nothing is known: it equals no other.
func (r *scopeReader) opaque() atom {
	r.unknown++
	return atom{name: "?", text: strconv.Itoa(r.unknown)}
}

// scope reads the matchers of a route. Caddy clears the raw ones when they are
// provisioned.
func (r *scopeReader) scope(route caddyhttp.Route) scope {
	if len(route.MatcherSetsRaw) > 0 {
		return r.raw(route.MatcherSetsRaw)
	}
	if len(route.MatcherSets) == 0 {
		return everything
	}
	var s scope
	for _, set := range route.MatcherSets {
		c := conjunction{}
		for _, m := range set {
			text, err := json.Marshal(m)
			if _, not := m.(*caddyhttp.MatchNot); not || err != nil {
				c = append(c, r.opaque()) // what it negates is gone
				continue
			}
			c = r.append(c, moduleName(m), text)
		}
		s = append(s, c)
	}
	return s
}

// raw reads matchers that are not provisioned.
func (r *scopeReader) raw(sets []caddy.ModuleMap) scope {
	if len(sets) == 0 {
		return everything
	}
	var s scope
	for _, set := range sets {
		c := conjunction{}
		for name, text := range set {
			c = r.append(c, name, text)
		}
		s = append(s, c)
	}
	return s
}

// append adds a matcher to a condition, unless it matches everything.
func (r *scopeReader) append(c conjunction, name string, text json.RawMessage) conjunction {
	switch name {
	case "host", "path", "method":
		var list []string
		if json.Unmarshal(text, &list) != nil || len(list) == 0 {
			return append(c, r.opaque())
		}
		for i, value := range list {
			list[i] = normalValue(name, value)
		}
		if name == "path" && (slices.Contains(list, "*") || slices.Contains(list, "/*")) {
			return c
		}
		return append(c, atom{name: name, list: list})
	case "not", "client_ip", "remote_ip", "protocol":
		if plain, ok := canonical(text); ok && stable(text) {
			return append(c, atom{name: name, text: plain})
		}
	}
	return append(c, r.opaque())
}

// normalValue spells a value as Caddy's matchers compare it.
func normalValue(name, value string) string {
	switch name {
	case "host":
		if ascii, err := idna.ToASCII(value); err == nil {
			value = ascii
		}
		return strings.ToLower(value)
	case "method":
		return strings.ToUpper(value)
	}
	return strings.ToLower(value)
}

// negated reads what a `not` negates.
func (r *scopeReader) negated(text json.RawMessage) scope {
	var sets []caddy.ModuleMap
	if json.Unmarshal(text, &sets) != nil || len(sets) == 0 {
		return scope{{r.opaque()}}
	}
	return r.raw(sets)
}

// canonical spells JSON in one way.
func canonical(text json.RawMessage) (string, bool) {
	var v any
	if json.Unmarshal(text, &v) != nil {
		return "", false
	}
	plain, err := json.Marshal(v)
	return string(plain), err == nil
}

// stable says whether what a `not` negates changes with nothing but what `changes`
// tells.
func stable(text json.RawMessage) bool {
	var sets []caddy.ModuleMap
	if json.Unmarshal(text, &sets) != nil {
		return true // ranges, not matchers
	}
	for _, set := range sets {
		for name := range set {
			if !slices.Contains([]string{"host", "path", "method", "client_ip", "remote_ip", "protocol"}, name) {
				return false
			}
		}
	}
	return true
}
