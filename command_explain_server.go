package proconnect

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// serversOf are the servers that a request may come to: those that listen on its port and
// know its host or, behind a proxy, the one with a gate whose origin the address is. To
// that the proxy may send another host. Which of several it is, each on an interface of
// its own (`bind`), no address tells.
func (d *dryRun) serversOf(r *http.Request) ([]*caddyhttp.Server, error) {
	if d.http == nil {
		return nil, errors.New("--url: the configuration has no site")
	}
	if server := d.serverOfOrigin(r); server != nil {
		return []*caddyhttp.Server{server}, nil
	}
	port := portOf(r)
	var listening []*caddyhttp.Server
	var ports []string
	for _, name := range slices.Sorted(maps.Keys(d.http.Servers)) {
		server := d.http.Servers[name]
		if listensOn(server, port) {
			listening = append(listening, server)
		}
		ports = append(ports, server.Listen...)
	}
	if len(listening) == 0 {
		return nil, fmt.Errorf("--url: no server listens on port %s, only on %s; behind a proxy, `origin` tells which site an address is", port, cmp.Or(strings.Join(ports, ", "), "none"))
	}
	return d.knowing(listening, r.Host), nil
}

func (d *dryRun) serverOfOrigin(r *http.Request) *caddyhttp.Server {
	at := origin.Of(r.Host, r.TLS != nil)
	for _, c := range d.app.inOrder() {
		for _, h := range c.gates {
			if h.origin == nil || *h.origin != at || h.around.server == nil {
				continue
			}
			if h.around.exact && !slices.Contains(h.around.hosts, at.Host) {
				r.Host = h.around.hosts[0]
			}
			return h.around.server
		}
	}
	return nil
}

// knowing are those of some servers whose sites answer a host, or else the first.
func (d *dryRun) knowing(servers []*caddyhttp.Server, host string) []*caddyhttp.Server {
	name := strings.ToLower(origin.HostOf(host))
	known := slices.DeleteFunc(slices.Clone(servers), func(s *caddyhttp.Server) bool { return !d.app.layout.Knows(s, name) })
	if len(known) == 0 {
		return servers[:1]
	}
	return known
}

func portOf(r *http.Request) string {
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		return port
	}
	return map[bool]string{true: "443", false: "80"}[r.TLS != nil]
}

func listensOn(server *caddyhttp.Server, port string) bool {
	n, err := strconv.Atoi(port)
	return err == nil && slices.ContainsFunc(server.Listen, func(l string) bool {
		a, err := caddy.ParseNetworkAddress(l)
		return err == nil && uint(n) >= a.StartPort && uint(n) <= a.EndPort
	})
}
