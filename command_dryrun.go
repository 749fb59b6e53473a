package proconnect

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/spf13/cobra"

	"github.com/caddy-proconnect/caddy-proconnect/internal/dryrun"
)

// dryRun is a configuration that is provisioned and never starts: gates, matchers and
// routes are as they would be, and nothing else is there.
type dryRun struct {
	app  *App           // nil if the configuration has neither client nor gate
	http *caddyhttp.App // nil if it has no server
}

// errNoClient is the error of a configuration that has nothing to do with ProConnect.
var errNoClient = invalidError{errors.New("no ProConnect client is configured: add the global option `proconnect { … }` at the top of the Caddyfile")}

// registerStandIn makes the stand-ins known to Caddy, in a process that runs a command: a
// Caddy that serves has none.
var registerStandIn = sync.OnceFunc(func() { caddy.RegisterModule(dryrun.StandIn{}) })

// provisionDry provisions a configuration. If that fails, the run has what was found
// before.
func provisionDry(config []byte) (*dryRun, error) {
	return provisionWith(config, filepath.Join(os.TempDir(), "caddy-proconnect-"+rand.Text())) // nobody makes it
}

// provisionWith provisions a configuration with a folder for a storage, or with its own.
func provisionWith(config []byte, storage string) (*dryRun, error) {
	registerStandIn()
	reduced, err := dryrun.Reduce(config, storage)
	if err != nil {
		return new(dryRun), invalidError{err}
	}
	ctx, err := caddy.ProvisionContext(reduced)
	d := new(dryRun)
	if app, missing := ctx.AppIfConfigured("proconnect"); missing == nil {
		d.app = app.(*App)
	}
	if app, missing := ctx.AppIfConfigured("http"); missing == nil {
		d.http = app.(*caddyhttp.App)
	}
	if err != nil {
		return d, invalidError{errors.New(ownPart(err.Error()))}
	}
	return d, nil
}

// ownPart is what an error of Caddy's says of us: behind the modules through which Caddy
// came to it.
func ownPart(text string) string {
	for _, module := range []string{"http.handlers.proconnect: ", "http.matchers.proconnect: ", "provision proconnect: "} {
		if i := strings.LastIndex(text, module); i >= 0 {
			text = text[i+len(module):]
		}
	}
	return strings.TrimPrefix(text, "proconnect: ")
}

// loadDry is what most commands begin with: the configuration that the flags name,
// provisioned. They cannot run where it is wrong.
func loadDry(c *cobra.Command) (*dryRun, error) {
	config, err := readConfiguration(c)
	if err != nil {
		return nil, err
	}
	return usable(provisionDry(config.json))
}

// usable refuses what was not provisioned, or has no client.
func usable(d *dryRun, err error) (*dryRun, error) {
	if err != nil {
		return nil, fmt.Errorf("the configuration does not load: %w; caddy proconnect check tells more", err)
	}
	if d.app == nil || len(d.app.Clients) == 0 {
		return nil, errNoClient
	}
	return d, nil
}
