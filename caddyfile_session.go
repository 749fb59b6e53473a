package proconnect

import (
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-proconnect/caddy-proconnect/internal/near"
)

// sessionBlock is the grammar of session in the global option's block.
func sessionBlock() block[Session] {
	return block[Session]{
		prefix: "session: ",
		options: []option[Session]{
			{name: "lifetime", read: func(s *Session, d *caddyfile.Dispenser) error { return duration(d, d.Val(), &s.Lifetime) }},
			{name: "secret", read: list(func(s *Session) *[]string { return &s.Secrets })},
			{name: "cookie_name", read: text(func(s *Session) *string { return &s.CookieName })},
		},
		check:   (*Session).check,
		unknown: unknownSessionOption,
	}
}

func (s *Session) unmarshalCaddyfile(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.Errf("session: unexpected argument %q: want a block", d.Val())
	}
	if err := sessionBlock().unmarshal(d, s); err != nil {
		return err
	}
	if s.Lifetime == 0 && s.Secrets == nil && s.CookieName == "" {
		return d.Errf("session: nothing in it: want a block with %s", strings.Join(sessionBlock().names(), ", "))
	}
	return nil
}

func unknownSessionOption(d *caddyfile.Dispenser, option string) error {
	if slices.Contains(clientBlock().names(), option) {
		return d.Errf("%s: it belongs behind session { … }: is the closing brace missing above it?", option)
	}
	known := sessionBlock().names()
	return d.Errf("session: unknown subdirective %q: %swant one of %s", option, near.DidYouMean(option, known), strings.Join(known, ", "))
}
