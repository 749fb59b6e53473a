package proconnect

import (
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// site is what is known of the site that a gate is in.
type site struct {
	known bool     // the routes say which it is
	hosts []string // the names that it answers
	exact bool     // it answers no others: neither a catch-all nor a wildcard
	plain bool     // its server ends no TLS
	// strict: it has `trusted_proxies_strict`. Caddy has taken `trusted_proxies` itself out
	// of sight by then; who writes the one has thought of the other.
	strict bool

	place  int               // the gate's, among those of the layout; -1: unknown
	server *caddyhttp.Server // nil if the gate is in none
	where  string            // what the gate's own matcher says; empty: everything
}

// nameOfSite is what logs and metrics call the site: its first name, or the pattern of a
// wildcard site, whose names are many.
func nameOfSite(at string, hosts []string) string {
	if len(hosts) > 0 {
		return hosts[0]
	}
	if o, err := origin.Parse(at); err == nil {
		return o.Host
	}
	return "*"
}
