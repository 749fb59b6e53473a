package dryrun

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/layout"
)

// StandIn takes a handler's place. It tells that a request came to it, and answers where
// the other would. It does nothing else.
type StandIn struct {
	// The configuration of the handler that it stands for.
	For json.RawMessage `json:"stands_for,omitempty"`

	directive string
	answers   bool
}

// CaddyModule returns the Caddy module information.
func (StandIn) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers." + layout.StandIn, New: func() caddy.Module { return new(StandIn) }}
}

// Provision finds out what the other handler does.
func (s *StandIn) Provision(caddy.Context) error {
	s.directive, s.answers = layout.Answers(s.For)
	return nil
}

// ServeHTTP tells of the request.
func (s *StandIn) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if met, ok := r.Context().Value(metKey{}).(*[]string); ok {
		*met = append(*met, s.directive)
	}
	if s.answers {
		return nil
	}
	return next.ServeHTTP(w, r)
}

type metKey struct{}

// Watch has stand-ins tell of a request: they append their directives, in the order in
// which it came by.
func Watch(ctx context.Context, met *[]string) context.Context {
	return context.WithValue(ctx, metKey{}, met)
}

// Interface guards
var (
	_ caddy.Provisioner           = (*StandIn)(nil)
	_ caddyhttp.MiddlewareHandler = (*StandIn)(nil)
)
