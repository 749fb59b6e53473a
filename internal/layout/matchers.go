package layout

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"golang.org/x/net/idna"
)

// scopeReader turns matcher sets into scopes.
type scopeReader struct {
	mayMatch func(pattern string) bool
	unknown  int
}

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

// negated reads what a `not` negates.
func (r *scopeReader) negated(text json.RawMessage) scope {
	var sets []caddy.ModuleMap
	if json.Unmarshal(text, &sets) != nil || len(sets) == 0 {
		return scope{{r.opaque()}}
	}
	return r.raw(sets)
}

// matchesNothing says whether no request can match: addresses begin with a slash, and
// nothing is left of them without all.
func (r *scopeReader) matchesNothing(a atom) bool {
	switch a.name {
	case "path":
		return !slices.ContainsFunc(a.list, r.mayMatch)
	case "not":
		return slices.ContainsFunc(r.negated(json.RawMessage(a.text)), func(c conjunction) bool { return len(c) == 0 })
	}
	return false
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
		for name, value := range set {
			if !slices.Contains([]string{"host", "path", "method", "client_ip", "remote_ip", "protocol"}, name) {
				return false
			}
			if value[0] == '[' && varies(string(value)) {
				return false
			}
		}
	}
	return true
}
