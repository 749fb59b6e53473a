package proconnect

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/layout"
	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"
	"github.com/caddy-proconnect/caddy-proconnect/internal/waits"
)

// Provision checks the gate and joins it to its client. What it says of the gate
// names the site.
func (h *Handler) Provision(ctx caddy.Context) error {
	h.log, h.probes = ctx.Logger(), &probes{most: waits.Probes}
	provisionDampers(h)
	iface, err := ctx.App("proconnect")
	if err != nil {
		return err
	}
	app := iface.(*App)
	h.log = app.findings.gather(h.log)
	layout, err := app.readLayout(ctx)
	if err != nil {
		return err
	}
	site := siteOf(ctx, layout, gateText(h))
	h.site = nameOfSite(h.Origin, site.hosts)
	if len(site.hosts) == 0 {
		return h.provision(ctx, app, site)
	}
	h.log = h.log.With(zap.String("site", site.hosts[0]))
	if err := h.provision(ctx, app, site); err != nil {
		return fmt.Errorf("site %s: %w", site.hosts[0], err)
	}
	return nil
}

// provisionDampers makes what keeps events from being told too often.
func provisionDampers(h *Handler) {
	for _, d := range []**damper{&h.causes, &h.refusals, &h.stepUps, &h.entries, &h.would} {
		*d = &damper{now: time.Now}
	}
}

func (h *Handler) provision(ctx caddy.Context, app *App, site site) (err error) {
	h.setDefaults()
	if err := h.check(); err != nil {
		return err
	}
	if h.client, err = app.client(h.Client); err != nil {
		return err
	}
	if err := provisionRules(h, app); err != nil {
		return err
	}
	if err := provisionReport(h, app); err != nil {
		return err
	}
	if h.logo, err = app.readLogo(h.Logo); err != nil {
		return err
	}
	app.joinMetrics(h, site.place)
	warnPersistent(h)
	if err := shareAfterLogout(h, ctx, site); err != nil {
		return err
	}
	raw := h.MatcherSetsRaw // Caddy clears it
	if err := provisionMatcher(h, ctx); err != nil {
		return err
	}
	if err := provisionPlace(h, site); err != nil {
		return err
	}
	site.where = layout.Describe(raw)
	h.around = site
	noteSandboxSite(h)
	return nil
}

// provisionMatcher loads the matcher that says where the gate is.
func provisionMatcher(h *Handler, ctx caddy.Context) error {
	raw := h.MatcherSetsRaw
	sets, err := ctx.LoadModule(h, "MatcherSetsRaw")
	if err != nil {
		return fmt.Errorf("matcher: %w", err)
	}
	var match caddyhttp.MatcherSets
	if err := match.FromInterface(sets); err != nil {
		return err
	}
	h.warn()
	h.match, err = upstream.NewMatcher(ctx, match, raw, h.log.Warn, readsSession)
	return err
}

// provisionRules compiles the rules and has the claims they read asked for.
func provisionRules(h *Handler, app *App) error {
	rules, err := rules.Compile(h.Rules, app.lists)
	if err != nil {
		return err
	}
	for _, w := range append(rules.Warnings, h.client.warnings(rules)...) {
		h.log.Warn(w)
	}
	if len(h.ACR) > 0 && h.client.isInternal() {
		h.log.Warn("mfa or acr, of everybody: " + noMailCode)
	}
	h.rules = rules
	h.client.need(rules.Needs()...)
	h.client.join(h)
	return nil
}

// provisionPlace finds out under which names the site answers.
func provisionPlace(h *Handler, site site) (err error) {
	h.csrf = http.NewCrossOriginProtection()
	if h.Origin != "" {
		if h.origin, err = origin.Parse(h.Origin); err != nil {
			return err
		}
		if err := h.csrf.AddTrustedOrigin(h.origin.Scheme + "://" + h.origin.Addr); err != nil {
			return err
		}
	}
	if err := checkRelayed(h, site); err != nil {
		return err
	}
	h.exact = site.exact
	hosts := site.hosts
	switch {
	case h.origin == nil && h.client.relay != nil: // it knows which names are the site's
	case h.origin != nil:
		hosts = []string{h.origin.Host}
	case site.known && !site.exact:
		return wantOrigin(h, hosts)
	}
	if h.origin == nil && site.plain && !site.strict && slices.ContainsFunc(hosts, func(host string) bool { return !origin.IsLoopback(origin.HostOf(host)) }) {
		h.log.Warn("the site is served over plain http: set `origin`, unless a proxy that `trusted_proxies` names ends TLS in front of it; else people meet an error page")
	}
	return checkGateEnvironment(h, hosts)
}

// wantOrigin asks for the address of a site whose names do not tell it.
func wantOrigin(h *Handler, hosts []string) error {
	answers, remedy := "any host", "say its public address with `origin https://…`"
	if len(hosts) > 0 {
		answers = strings.Join(hosts, ", ")
	}
	if h.client.sandbox != nil {
		remedy += ", in the sandbox one of this machine: `origin http://localhost:8080`, say"
	}
	return fmt.Errorf("this site answers %s: %s", answers, remedy)
}

// checkGateEnvironment keeps environments in which anybody can be anybody away from
// real sites.
func checkGateEnvironment(h *Handler, hosts []string) error {
	for _, host := range hosts {
		if origin.IsLoopback(origin.HostOf(host)) {
			continue
		}
		if h.client.sandbox != nil {
			return fmt.Errorf("environment sandbox simulates ProConnect for this machine alone: %q is not a loopback name; use http://localhost, or a real environment", host)
		}
		if strings.HasPrefix(h.client.Environment, "integration") {
			h.log.Warn("environment integration lets anybody be anybody: not for a site with real data", zap.String("host", host))
		}
	}
	return nil
}
