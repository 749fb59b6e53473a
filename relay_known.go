package proconnect

import (
	"sync"

	"github.com/caddy-proconnect/caddy-proconnect/internal/layout"
	"github.com/caddy-proconnect/caddy-proconnect/internal/listfile"
	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// relay is the host that takes ProConnect's answers for all sites of a client, and what
// is known of those: callback_origin and callback_hosts.
type relay struct {
	origin  origin.Origin
	routes  *layout.Relay // what the routes say; nil until they are read
	sandbox bool

	listed bool            // somebody says which sites may use it
	names  map[string]bool // by name
	lists  []*listfile.List

	said map[string]layout.Gate // by the origins that gates say

	mu    sync.RWMutex
	known map[origin.Origin]layout.Found // what the routes said so far
}
