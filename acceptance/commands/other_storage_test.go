package commands

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/certmagic"
)

func init() {
	caddy.RegisterModule(otherStorage{})
}

// otherStorage is a storage of another module than Caddy's own, of which the plugin knows
// nothing: `storage other <root>`.
type otherStorage struct {
	Root string `json:"root,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (otherStorage) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "caddy.storage.other", New: func() caddy.Module { return new(otherStorage) }}
}

// UnmarshalCaddyfile reads the root.
func (s *otherStorage) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	if !d.Next() || !d.AllArgs(&s.Root) {
		return d.ArgErr()
	}
	return nil
}

// CertMagicStorage returns the storage.
func (s otherStorage) CertMagicStorage() (certmagic.Storage, error) {
	return struct{ certmagic.Storage }{&certmagic.FileStorage{Path: s.Root}}, nil
}
