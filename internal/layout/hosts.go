package layout

import (
	"slices"
	"strings"
)

// hostsOverlap says whether a request's host may be in both lists. An empty list
// is any host.
func hostsOverlap(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return true
	}
	for _, x := range a {
		if slices.ContainsFunc(b, func(y string) bool { return hostOverlap(x, y) }) {
			return true
		}
	}
	return false
}

// hostOverlap says whether two of Caddy's host patterns have a name in common: a
// `*` stands for one label, and a placeholder for anything.
func hostOverlap(a, b string) bool {
	if a == b || strings.Contains(a, "{") || strings.Contains(b, "{") {
		return true
	}
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	return slices.EqualFunc(x, y, func(x, y string) bool { return x == y || x == "*" || y == "*" })
}

// hostKey is a host of a server; an empty one is any.
type hostKey struct{ server, host string }

func hostKeys(server string, hosts []string) (keys []hostKey) {
	for _, host := range orAny(hosts) {
		keys = append(keys, hostKey{server, host})
	}
	return keys
}

// orAny returns some hosts; the empty one if there are none, which means any.
func orAny(hosts []string) []string {
	if len(hosts) > 0 {
		return hosts
	}
	return []string{""}
}

// anyAt says whether something is known of some hosts of a server, or of any host
// that may be one of these.
func anyAt[T any](known map[hostKey][]T, server string, hosts []string) bool {
	for _, key := range append(hostKeys(server, hosts), hostKey{server, ""}) {
		if len(known[key]) > 0 {
			return true
		}
	}
	for key := range known {
		if key.server == server && (len(hosts) == 0 || hostsOverlap(hosts, []string{key.host})) {
			return true
		}
	}
	return false
}
