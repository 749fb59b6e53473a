package layout

import (
	"encoding/json"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// personIn says whether a route has a proconnect matcher, and which claims it reads.
func personIn(route caddyhttp.Route) (fields []string, found bool) {
	if len(route.MatcherSetsRaw) > 0 {
		return personInSets(route.MatcherSetsRaw)
	}
	for _, set := range route.MatcherSets {
		of, in := personInSet(set)
		fields, found = append(fields, of...), found || in
	}
	return fields, found
}

func personInSets(sets []caddy.ModuleMap) (fields []string, found bool) {
	for _, set := range sets {
		of, in := personInRaw(set)
		fields, found = append(fields, of...), found || in
	}
	return fields, found
}

func personInRaw(set caddy.ModuleMap) (fields []string, found bool) {
	if text, ok := set["proconnect"]; ok {
		return fieldsOf(text), true
	}
	var inner []caddy.ModuleMap
	_ = json.Unmarshal(set["not"], &inner)
	return personInSets(inner)
}

func personInSet(set caddyhttp.MatcherSet) (fields []string, found bool) {
	for _, m := range set {
		if not, ok := m.(*caddyhttp.MatchNot); ok {
			for _, set := range not.MatcherSets {
				of, in := personInSet(set)
				fields, found = append(fields, of...), found || in
			}
		} else if moduleName(m) == "proconnect" {
			text, _ := json.Marshal(m)
			fields, found = append(fields, fieldsOf(text)...), true
		}
	}
	return fields, found
}

// fieldsOf returns the claims that a proconnect matcher reads.
func fieldsOf(config json.RawMessage) []string {
	var m struct {
		Conditions []struct {
			Field string `json:"field"`
		} `json:"conditions"`
		Any bool `json:"any"`
	}
	_ = json.Unmarshal(config, &m) // what it cannot read Caddy refuses
	fields := []string{}
	for _, c := range m.Conditions {
		fields = append(fields, c.Field)
	}
	if m.Any {
		fields = append(fields, "any")
	}
	return fields
}
