package proconnect

import (
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// reportBlock is the grammar of report in a gate's block.
func reportBlock() block[Handler] {
	return block[Handler]{
		name: "report",
		options: []option[Handler]{
			{name: "allow", read: readReported, repeatable: true},
			{name: "deny", read: readReported, repeatable: true},
		},
		check: func(h *Handler) error { return rules.CheckEach(h.Report) },
		unknown: func(d *caddyfile.Dispenser, word string) error {
			return d.Errf("report: unknown subdirective %q: want allow or deny", word)
		},
	}
}

func readReported(h *Handler, d *caddyfile.Dispenser) error { return appendRule(&h.Report, d) }

func unmarshalReport(h *Handler, d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.Errf("report: unexpected argument %q: want a block with allow and deny", d.Val())
	}
	if err := reportBlock().unmarshal(d, h); err != nil {
		return err
	}
	if len(h.Report) == 0 {
		return d.Errf("report: nothing in it: want a block with allow and deny")
	}
	return nil
}
