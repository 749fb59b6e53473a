package site_test

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func init() {
	caddy.RegisterModule(unreadRoutes{})
	httpcaddyfile.RegisterHandlerDirective("unread", func(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
		sub, err := httpcaddyfile.ParseSegmentAsSubroute(h)
		if err != nil {
			return nil, err
		}
		return &unreadRoutes{*sub.(*caddyhttp.Subroute)}, nil
	})
	httpcaddyfile.RegisterDirectiveOrder("unread", httpcaddyfile.Before, "header")
}

// unreadRoutes is a handler of somebody else's that has routes of its own. What is in
// them is not seen when a configuration loads: there, requests find what a load
// error keeps away elsewhere.
type unreadRoutes struct{ caddyhttp.Subroute }

// CaddyModule returns the Caddy module information.
func (unreadRoutes) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.test_unread", New: func() caddy.Module { return new(unreadRoutes) }}
}
