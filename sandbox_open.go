package proconnect

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// noteSandboxSite keeps where a site of the sandbox can be opened, for the line that
// says so when it starts: whoever tries it out may not know by which name it answers.
func (h *Handler) noteSandboxSite(ctx caddy.Context, site site) {
	if h.client.sandbox == nil {
		return
	}
	for _, address := range addressesOf(ctx, h, site) {
		if app := h.client.app; !slices.Contains(app.sandboxSites, address) {
			app.sandboxSites = append(app.sandboxSites, address)
		}
	}
}

// addressesOf are where browsers find the site, as far as its gate can tell.
func addressesOf(ctx caddy.Context, h *Handler, site site) (addresses []string) {
	if h.origin != nil {
		return []string{h.origin.URL("")}
	}
	server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if !ok || !site.exact {
		return nil
	}
	port := listenPort(server.Listen)
	if port == "" {
		return nil
	}
	for _, host := range site.hosts {
		addresses = append(addresses, origin.Of(net.JoinHostPort(host, port), !site.plain).URL(""))
	}
	return addresses
}

// listenPort is the first port that a server listens on; empty if it has none, as on
// a Unix socket.
func listenPort(listen []string) string {
	for _, l := range listen {
		if a, err := caddy.ParseNetworkAddress(l); err == nil && a.StartPort != 0 {
			return strconv.Itoa(int(a.StartPort))
		}
	}
	return ""
}

// announceSandboxSites is one line, whatever the number of gates.
func (a *App) announceSandboxSites() {
	if len(a.sandboxSites) > 0 {
		a.log.Info("open " + strings.Join(a.sandboxSites, " or "))
	}
}
