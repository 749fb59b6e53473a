// Package origin knows where a site lives, as browsers spell it, and which addresses
// somebody may be sent back to after a login.
package origin

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// Origin is where a request was sent, as the browser knows it.
type Origin struct {
	Scheme string // http or https
	Addr   string // host, with the port if it is not the scheme's own
	Host   string // the same in lower case, without port or trailing dot: what cookies are bound to
	Secure bool
}

// URL returns the absolute URL of a path of this origin.
func (o Origin) URL(path string) string { return o.Scheme + "://" + o.Addr + path }

// Port returns the port, as it was written; empty for the scheme's own.
func (o Origin) Port() string {
	if len(o.Addr) == len(o.Host) { // nearly always
		return ""
	}
	_, port, _ := cutLastColon(o.Addr)
	return port
}

// Usable says whether a session can be kept here: cookies that siblings and
// networks cannot plant need https, or a host that never leaves the machine.
func (o Origin) Usable() bool { return o.Secure || IsLoopback(o.Host) }

// Of returns the origin of a request that named a host, over TLS or not.
func Of(host string, secure bool) Origin {
	o := Origin{Scheme: "http", Secure: secure}
	if secure {
		o.Scheme = "https"
	}
	o.Addr = browserAddr(host, o.Scheme)
	o.Host = HostOf(o.Addr)
	return o
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

// HostOf returns a Host header's host name: lower case, without port, brackets
// and trailing dot.
func HostOf(addr string) string {
	host, _, _ := cutLastColon(addr)
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// IsLoopback says whether a host name never leaves the machine (RFC 6761
// §6.3 for localhost).
func IsLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// Parse reads the origin option.
func Parse(s string) (*Origin, error) {
	u, err := url.Parse(s)
	if err != nil || u.User != nil || u.Path != "" || strings.ContainsAny(s, "?#") || strings.HasSuffix(s, ":") || !isHostName(u.Hostname()) {
		return nil, fmt.Errorf("origin %q: want scheme and host alone, such as https://docs.example.gouv.fr (xn--… for letters with accents)", s)
	}
	p := &Origin{Scheme: u.Scheme, Addr: strings.ToLower(u.Host), Host: HostOf(u.Host), Secure: u.Scheme == "https"}
	if u.Port() == defaultPort[u.Scheme] { // as browsers write it, in the Origin header too
		p.Addr = strings.TrimSuffix(p.Addr, ":"+u.Port())
	}
	if !p.Secure && (u.Scheme != "http" || !IsLoopback(p.Host)) {
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

// StaysHere says whether what we send to a host never leaves the machine. A name
// under localhost is up to the resolver, unlike in a browser.
func StaysHere(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
