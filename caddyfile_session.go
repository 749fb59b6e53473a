package proconnect

import "github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

// sessionBlock is the grammar of session in the global option's block.
func sessionBlock() block[Session] {
	return block[Session]{
		name: "session",
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
		check: (*Session).check,
	}
}

func (s *Session) unmarshalCaddyfile(d *caddyfile.Dispenser) error {
	if err := unmarshalInner(sessionBlock(), d, s); err != nil {
		return err
	}
	if err := s.checkSpans(); err != nil { // which stand in any order
		return d.WrapErr(err)
	}
	return nil
}
