package proconnect

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// place is where a request was sent, as the browser knows it.
type place struct {
	scheme string // http or https
	addr   string // host, with the port if it is not the scheme's own
	host   string // the same in lower case, without port or trailing dot: what cookies are bound to
	secure bool
}

// url returns the absolute URL of a path of this place.
func (p place) url(path string) string { return p.scheme + "://" + p.addr + path }

// usable says whether a session can be kept here: cookies that siblings and
// networks cannot plant need https, or a host that never leaves the machine.
func (p place) usable() bool { return p.secure || isLoopbackHost(p.host) }

// place finds out where a request was sent: from `origin`, else from the
// connection and the host that Caddy routed. X-Forwarded-Host is never read, and
// X-Forwarded-Proto only from a proxy that the server trusts.
func (h *Handler) place(r *http.Request) place {
	if h.origin != nil {
		return *h.origin
	}
	p := place{scheme: "http"}
	if r.TLS != nil || forwardedHTTPS(r) {
		p.scheme, p.secure = "https", true
	}
	p.addr = browserAddr(r.Host, p.scheme)
	p.host = hostOf(p.addr)
	return p
}

// browserAddr writes a Host header as browsers do: in lower case, and without the
// port that is the scheme's own, which proxies add. Redirect URIs are compared
// letter by letter.
func browserAddr(host, scheme string) string {
	if name, port, ok := cutLastColon(host); ok && (port == "" || port == defaultPort[scheme]) {
		host = name
	}
	return strings.ToLower(host)
}

// cutLastColon cuts a port off. The colons of an IPv6 address without brackets
// part none.
func cutLastColon(addr string) (name, port string, ok bool) {
	i := strings.LastIndexByte(addr, ':')
	if i < 0 || strings.HasSuffix(addr, "]") || addr[0] != '[' && strings.IndexByte(addr, ':') != i {
		return addr, "", false
	}
	return addr[:i], addr[i+1:], true
}

// fromThisSite says whether a request that has effects comes from a page of the
// site's own. A proxy may have added the port that browsers leave out of Origin.
func (h *Handler) fromThisSite(r *http.Request, p place) bool {
	if r.Host != p.addr {
		public := *r
		public.Host, r = p.addr, &public
	}
	return h.csrf.Check(r) == nil
}

// hostOf returns a Host header's host name: lower case, without port, brackets
// and trailing dot.
func hostOf(addr string) string {
	host, _, _ := cutLastColon(addr)
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// isLoopbackHost says whether a host name never leaves the machine (RFC 6761
// §6.3 for localhost).
func isLoopbackHost(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// parseOrigin reads the origin option.
func parseOrigin(s string) (*place, error) {
	u, err := url.Parse(s)
	if err != nil || u.User != nil || u.Path != "" || strings.ContainsAny(s, "?#") || strings.HasSuffix(s, ":") || !isHostName(u.Hostname()) {
		return nil, fmt.Errorf("origin %q: want scheme and host alone, such as https://docs.example.gouv.fr (xn--… for letters with accents)", s)
	}
	p := &place{scheme: u.Scheme, addr: strings.ToLower(u.Host), host: hostOf(u.Host), secure: u.Scheme == "https"}
	if u.Port() == defaultPort[u.Scheme] { // as browsers write it, in the Origin header too
		p.addr = strings.TrimSuffix(p.addr, ":"+u.Port())
	}
	if !p.secure && (u.Scheme != "http" || !isLoopbackHost(p.host)) {
		return nil, fmt.Errorf("origin %q: want https, or http on loopback", s)
	}
	return p, nil
}

var defaultPort = map[string]string{"http": "80", "https": "443"}

var validHostName = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

// isHostName says whether a name is written as browsers write it into a URL.
func isHostName(name string) bool {
	_, err := netip.ParseAddr(name)
	return err == nil || validHostName.MatchString(name)
}
