package proconnect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
	"github.com/caddy-proconnect/caddy-proconnect/internal/waits"
)

// Provision resolves and checks every client. It neither uses the network nor
// writes to the storage.
func (a *App) Provision(ctx caddy.Context) error {
	a.findings = new(findings)
	a.log, a.auditLog = a.findings.gather(ctx.Logger()), auditLog(ctx)
	a.pollEvery, a.lookEvery, a.firstAsk = waits.Lists, waits.Looks, waits.FirstAsk
	a.lists, a.bodies = rules.NewLists(a.log, runningLists()), &bodies{most: waits.Body}
	a.storage, a.shared = ctx.Storage(), make(map[string]*session.Shared)
	if err := a.provisionMetrics(ctx); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(a.Clients)) {
		c := a.Clients[name]
		if err := checkClientName(name); err != nil {
			return fmt.Errorf("proconnect: %w", err)
		}
		if c == nil {
			return fmt.Errorf("proconnect: client %q is empty: say which ProConnect it is of", name)
		}
		if err := c.provision(ctx, a, name); err != nil {
			return fmt.Errorf("proconnect: client %q: %w", name, err)
		}
	}
	return a.checkCookieNames()
}

var validClientName = regexp.MustCompile(`^[A-Za-z0-9-]{1,40}$`)

// checkClientName refuses a name that does not fit into that of a cookie.
func checkClientName(name string) error {
	if !validClientName.MatchString(name) {
		return fmt.Errorf("the name %q: want up to 40 letters, digits and hyphens", name)
	}
	return nil
}

// checkCookieNames refuses two clients whose cookies would overwrite each other, and
// notes the names of all.
func (a *App) checkCookieNames() error {
	owner := make(map[string]string)
	for _, c := range a.inOrder() {
		if other, taken := owner[c.cookieBase]; taken {
			return fmt.Errorf("proconnect: clients %q and %q have the same cookie_name %q: give each its own", other, c.name, c.cookieBase)
		}
		owner[c.cookieBase] = c.name
		a.cookieBases = append(a.cookieBases, c.cookieBase)
	}
	return nil
}

// Start begins to look for sessions revoked elsewhere and for lists that
// changed. It never runs for a configuration that is only validated.
func (a *App) Start() error {
	a.findings.stop()
	ctx, cancel := context.WithCancel(context.Background())
	a.stop = cancel
	for _, c := range a.Clients {
		c.keeper.Start()
	}
	a.announceAddresses()
	a.announceSandboxSites()
	a.asking = new(sync.WaitGroup)
	a.awaitAnswers(ctx)
	for l := range a.lists.All() {
		a.watches = append(a.watches, watchList(l, a.lists, a.log, a.reportListChanged))
	}
	a.lists.Loaded()
	a.metrics.start(a)
	a.polled = make(chan struct{})
	go func() {
		defer close(a.polled)
		a.poll(ctx)
	}()
	return nil
}

// Stop ends what Start began and waits for it. Logouts that the storage would
// not take get a last try: nobody else knows of them.
func (a *App) Stop() error {
	a.stop()
	<-a.polled
	a.asking.Wait()
	a.metrics.stop(a)
	ctx, cancel := context.WithTimeout(context.Background(), session.EndWait)
	defer cancel()
	for _, c := range a.Clients {
		c.keeper.End(ctx)
	}
	return nil
}

// Cleanup ends what asks ProConnect again in the background.
func (a *App) Cleanup() error {
	for _, c := range a.Clients {
		if c != nil && c.close != nil {
			c.close()
		}
	}
	return nil
}

// poll looks at lists every second and at the storage every five, or somewhat sooner
// so that nodes started together do not ask together. Each look is a job of its own:
// a file system or a storage that hangs keeps nothing else from being looked at. It
// returns when the looks at the storage have ended, which a context ends.
func (a *App) poll(ctx context.Context) {
	ticker, look := time.NewTicker(a.pollEvery), time.NewTimer(a.pollEvery)
	defer ticker.Stop()
	defer look.Stop()
	for _, c := range a.Clients {
		c.polling.run(func() { c.keeper.LeaveTrace(ctx) })
	}
	for {
		select {
		case <-ctx.Done():
			for _, c := range a.Clients {
				c.polling.wait()
			}
			return
		case now := <-ticker.C:
			for _, w := range a.watches {
				w.look(ctx, now)
			}
		case <-look.C:
			look.Reset(a.lookEvery - time.Duration(rand.Int64N(int64(a.lookEvery/5)))) // jitter, not a secret
			for _, c := range a.Clients {
				c.polling.run(func() { c.keeper.Poll(ctx); c.reportKeyRotated() })
			}
		}
	}
}

// runningLists are those of the configuration that runs while another one loads.
func runningLists() *rules.Lists {
	if running := runningApp(); running != nil {
		return running.lists
	}
	return nil
}

// client returns a client by its name.
func (a *App) client(name string) (*Client, error) {
	c, ok := a.Clients[cmp.Or(name, defaultClient)]
	if ok {
		return c, nil
	}
	known := strings.Join(slices.Sorted(maps.Keys(a.Clients)), ", ")
	switch {
	case known == "":
		return nil, errors.New("no ProConnect client is configured: add the global option `proconnect { … }` at the top of the Caddyfile")
	case name == "":
		return nil, fmt.Errorf("every ProConnect client has a name: say which with client, one of %s", known)
	}
	return nil, fmt.Errorf("client %q: no ProConnect client has this name: want one of %s, or add the global option `proconnect %s { … }` at the top of the Caddyfile", name, known, name)
}
