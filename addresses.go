package proconnect

import (
	"net"
	"slices"
	"strconv"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// addresses are where browsers find the gate's site, as far as the gate can tell.
func (h *Handler) addresses() (addresses []string) {
	for _, o := range h.origins() {
		addresses = append(addresses, o.URL(""))
	}
	return addresses
}

// origins are those of the gate's site: the one that is configured, else what the
// server's routes and listeners say.
func (h *Handler) origins() (all []origin.Origin) {
	if h.origin != nil {
		return []origin.Origin{*h.origin}
	}
	if h.around.server == nil || !h.around.exact {
		return nil
	}
	for _, host := range h.around.hosts {
		for _, port := range listenPorts(h.around.server.Listen) {
			all = append(all, origin.Of(net.JoinHostPort(host, port), !h.around.plain))
		}
	}
	return all
}

// listenPorts are the ports that a server listens on; none if it is on a Unix socket.
func listenPorts(listen []string) (ports []string) {
	for _, l := range listen {
		a, err := caddy.ParseNetworkAddress(l)
		if err != nil || a.StartPort == 0 {
			continue
		}
		if port := strconv.Itoa(int(a.StartPort)); !slices.Contains(ports, port) {
			ports = append(ports, port)
		}
	}
	return ports
}
