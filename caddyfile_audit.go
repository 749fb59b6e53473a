package proconnect

import (
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-proconnect/caddy-proconnect/internal/near"
)

// auditBlock is the grammar of audit in the global option's block.
func auditBlock() block[Audit] {
	return block[Audit]{
		prefix: "audit: ",
		options: []option[Audit]{
			{name: "claims", read: list(func(a *Audit) *[]string { return &a.Claims })},
			{name: "ip", read: text(func(a *Audit) *string { return &a.IP })},
		},
		check:   (*Audit).check,
		unknown: unknownAuditOption,
	}
}

func (a *Audit) unmarshalCaddyfile(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.Errf("audit: unexpected argument %q: want a block", d.Val())
	}
	if err := auditBlock().unmarshal(d, a); err != nil {
		return err
	}
	if a.Claims == nil && a.IP == "" {
		return d.Errf("audit: nothing in it: want a block with %s", strings.Join(auditBlock().names(), ", "))
	}
	return nil
}

func unknownAuditOption(d *caddyfile.Dispenser, option string) error {
	if slices.Contains(clientBlock().names(), option) {
		return d.Errf("%s: it belongs after audit { … }: is the closing brace missing above it?", option)
	}
	known := auditBlock().names()
	return d.Errf("audit: unknown subdirective %q: %swant one of %s", option, near.DidYouMean(option, known), strings.Join(known, ", "))
}
