package proconnect

import (
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// readCallbackHosts reads names, or the files in which they stand.
func readCallbackHosts(c *Client, d *caddyfile.Dispenser) error {
	to := &c.CallbackHosts
	option := d.Val()
	for first := true; d.NextArg(); first = false {
		switch {
		case isWord(d, "}"):
			return braceErr(d, option)
		case isWord(d, rules.WordFrom) && first:
			to = &c.CallbackHostsFrom
		case isWord(d, rules.WordFrom):
			return d.Errf("%s: names or from, not both: put the names into the file", option)
		default:
			*to = append(*to, d.Val())
		}
	}
	if len(*to) == 0 {
		return noValue(d, option)
	}
	return noBlock(d, option)
}
