package commands

import (
	"net/http"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

func init() { caddy.RegisterModule(askingSource{}) }

// askingSource is a source of trusted proxies as some plugins bring: it asks the network
// for them when it is provisioned. This one leaves a file instead.
type askingSource struct{}

func (askingSource) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.ip_sources.commands_test_asking", New: func() caddy.Module { return new(askingSource) }}
}

func (askingSource) Provision(caddy.Context) error {
	return os.WriteFile(filepath.Join(os.Getenv("DIR"), "asked"), nil, 0o600)
}

func (askingSource) UnmarshalCaddyfile(*caddyfile.Dispenser) error { return nil }

func (askingSource) GetIPRanges(*http.Request) []netip.Prefix { return nil }
