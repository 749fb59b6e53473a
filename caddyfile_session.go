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
			{name: "idle", read: func(s *Session, d *caddyfile.Dispenser) error { return duration(d, d.Val(), &s.Idle) }},
			{name: "renew", read: func(s *Session, d *caddyfile.Dispenser) error { return duration(d, d.Val(), &s.Renew) }},
			{name: "persistent", read: func(s *Session, d *caddyfile.Dispenser) error {
				s.Persistent = true
				return flag(d, d.Val())
			}},
			{name: "secret", read: list(func(s *Session) *[]string { return &s.Secrets })},
			{name: "cookie_name", read: text(func(s *Session) *string { return &s.CookieName })},
			{name: "storage_down", read: text(func(s *Session) *string { return &s.StorageDown })},
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
	if s.empty() {
		return d.Errf("session: nothing in it: want a block with %s", strings.Join(sessionBlock().names(), ", "))
	}
	if err := s.checkSpans(); err != nil { // which stand in any order
		return d.WrapErr(err)
	}
	return nil
}

func (s *Session) empty() bool {
	return s.Lifetime == 0 && s.Idle == 0 && s.Renew == 0 && !s.Persistent && s.Secrets == nil && s.CookieName == "" && s.StorageDown == ""
}

func unknownSessionOption(d *caddyfile.Dispenser, option string) error {
	if slices.Contains(clientBlock().names(), option) {
		return d.Errf("%s: it belongs after session { … }: is the closing brace missing above it?", option)
	}
	known := sessionBlock().names()
	return d.Errf("session: unknown subdirective %q: %swant one of %s", option, near.DidYouMean(option, known), strings.Join(known, ", "))
}
