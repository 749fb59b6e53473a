package storage

import (
	"errors"
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/certmagic"
)

func init() {
	caddy.RegisterModule(Module{Kind: "redis"})
	caddy.RegisterModule(Module{Kind: "postgres"})
}

// Module is Caddy's storage module for one of the two:
//
//	storage e2e_redis <address> <prefix>
//	storage e2e_postgres <dsn> <room>
type Module struct {
	Kind string `json:"-"`

	At   string `json:"at"`   // address or DSN
	Room string `json:"room"` // what nodes of one cluster share

	storage interface {
		certmagic.Storage
		Close()
	}
}

// CaddyModule returns the Caddy module information.
func (m Module) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  caddy.ModuleID("caddy.storage.e2e_" + m.Kind),
		New: func() caddy.Module { return &Module{Kind: m.Kind} },
	}
}

// Provision makes the storage, which dials when it is asked for something: a
// configuration loads while the server is down.
func (m *Module) Provision(caddy.Context) (err error) {
	switch m.Kind {
	case "redis":
		m.storage = NewRedis(m.At, m.Room)
	case "postgres":
		m.storage, err = NewPostgres(m.At, m.Room)
	default:
		err = fmt.Errorf("storage %q: want redis or postgres", m.Kind)
	}
	return err
}

// Cleanup closes the connections of a configuration that is unloaded.
func (m *Module) Cleanup() error {
	if m.storage != nil {
		m.storage.Close()
	}
	return nil
}

// CertMagicStorage returns the storage.
func (m *Module) CertMagicStorage() (certmagic.Storage, error) {
	if m.storage == nil {
		return nil, errors.New("storage: not provisioned")
	}
	return m.storage, nil
}

// UnmarshalCaddyfile reads the two arguments.
func (m *Module) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if !d.AllArgs(&m.At, &m.Room) {
		return d.ArgErr()
	}
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner      = (*Module)(nil)
	_ caddy.CleanerUpper     = (*Module)(nil)
	_ caddy.StorageConverter = (*Module)(nil)
	_ caddyfile.Unmarshaler  = (*Module)(nil)
)
