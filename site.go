package proconnect

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/layout"
	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"
)

// readLayout returns what the routes say. The first who asks has them read, and what is
// found told.
func (a *App) readLayout(ctx caddy.Context) (*layout.Layout, error) {
	if a.layout != nil {
		return a.layout, nil
	}
	iface, err := ctx.AppIfConfigured("http")
	http, ok := iface.(*caddyhttp.App)
	if err != nil || !ok {
		return new(layout.Layout), nil // a gate outside of any server: nobody meets it
	}
	if a.layout != nil { // the HTTP app was loaded by this very call, and its gates asked before us
		return a.layout, nil
	}
	l := layout.Read(http, layout.Options{Gate: readGate, MayMatch: upstream.MayMatchAddress})
	for _, f := range l.Findings() {
		if f.Fault {
			a.findings.addFaults(l.Findings())
			return nil, errors.New("site " + f.Site + ": " + f.Text)
		}
		a.log.Warn(f.Text, zap.String("site", f.Site))
	}
	if err := a.readRelays(l); err != nil {
		return nil, err
	}
	a.layout = l
	a.numberGates()
	return l, nil
}

// readGate reads a gate among the routes. It is not provisioned.
func readGate(config json.RawMessage) layout.Gate {
	h := new(Handler)
	_ = json.Unmarshal(config, h) // what it cannot read Caddy refuses
	text := gateText(h)
	h.setDefaults()
	return layout.Gate{
		Text:          text,
		Client:        cmp.Or(h.Client, defaultClient),
		Match:         h.MatcherSetsRaw,
		Headers:       h.Headers,
		Encoding:      h.HeadersEncoding,
		Origin:        h.Origin,
		Path:          h.Path,
		CallbackPath:  h.CallbackPath,
		LoggedOutPath: h.LoggedOutPath,
		ErrorsToCaddy: h.Errors == errorsCaddy,
		Optional:      h.Optional,
	}
}

// gateText is a gate's configuration, by which it finds its place among the routes.
func gateText(h *Handler) string {
	text, err := json.Marshal(h)
	if err != nil {
		return ""
	}
	return string(text)
}

// siteOf finds the site of a gate that is being provisioned, by the gate's text.
func siteOf(ctx caddy.Context, l *layout.Layout, text string) site {
	server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if !ok {
		return site{place: -1}
	}
	hosts, place, known := l.Hosts(server, text)
	return site{known: known, hosts: hosts, place: place, exact: exactHosts(hosts), plain: len(server.TLSConnPolicies) == 0, strict: server.TrustedProxiesStrict > 0, server: server}
}

// exactHosts says whether hosts are names, all of them.
func exactHosts(hosts []string) bool {
	return len(hosts) > 0 && !slices.ContainsFunc(hosts, func(host string) bool { return strings.ContainsAny(host, "*{") })
}
