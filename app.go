package proconnect

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/layout"
	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

func init() {
	caddy.RegisterModule(App{})
}

// defaultClient is the client that a gate uses when it names none.
const defaultClient = "default"

// App holds the clients that the gates and matchers of all sites share.
type App struct {
	// The clients, as registered at ProConnect, by their names: letters, digits
	// and hyphens. A gate or matcher that names no client uses `default`.
	Clients map[string]*Client `json:"clients,omitempty"`

	log          *zap.Logger
	findings     *findings // what is told of the configuration while it loads
	auditLog     *zap.Logger
	metrics      *metrics
	gates        []*Handler     // of all sites
	gatesOf      map[string]int // how many each site has so far
	numbers      []int          // of the gates, by their places in the layout
	pollEvery    time.Duration  // how often what changes outside is looked at
	lookEvery    time.Duration  // and the storage
	stop         context.CancelFunc
	polled       chan struct{}   // closed when the poller has ended
	firstAsk     time.Duration   // how long after the start ProConnect is asked whether it answers
	asking       *sync.WaitGroup // those who wait until it does
	lists        *rules.Lists
	bodies       *bodies
	storage      certmagic.Storage
	shared       map[string]*session.Shared // what outlives a configuration, by where it is in the storage
	cookieBases  []string                   // opens the names of every cookie of ours
	watches      []*listWatch
	layout       *layout.Layout // what the routes say, once a gate or a matcher has asked
	sandboxSites []string       // where sites of a sandbox can be opened
	logos        map[string]*pages.File
}

// CaddyModule returns the Caddy module information.
func (App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "proconnect",
		New: func() caddy.Module { return new(App) },
	}
}

// inOrder returns the clients by their names.
func (a *App) inOrder() (all []*Client) {
	for _, name := range slices.Sorted(maps.Keys(a.Clients)) {
		all = append(all, a.Clients[name])
	}
	return all
}

// runningApp is that of the configuration that runs while another one loads; nil if there
// is none.
func runningApp() *App {
	running, err := caddy.ActiveContext().AppIfConfigured("proconnect")
	if err != nil {
		return nil
	}
	return running.(*App)
}

// Interface guards
var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)

// metrics counts for the whole life of a process. Caddy makes a registry for each
// configuration, and after a load that failed its admin endpoint serves the failed one's:
// so one object is handed over from configuration to configuration, and registered in
// every registry. What it tells at a scrape is of the configurations that run, whichever
// registry asks: those that Start announced and Stop has not taken back.
//
// Labels are names of the configuration, positions, or words of the code: never a person,
// and never what a client sent.
type metrics struct {
	mu      sync.Mutex
	running []*App // the newest last
	clients map[string]*clientMetrics
	gates   map[gateKey]*gateMetrics
}
