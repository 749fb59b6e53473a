package session

import (
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// cookieNames are the names of a client's cookies. Over https they carry the
// prefixes that keep sibling domains and plain http from planting them
// (RFC 6265bis §4.1.3); on loopback without TLS browsers would refuse those.
type cookieNames struct {
	port    string // that they are for; empty: the scheme's own
	session string // the sealed session
	seen    string // when somebody was last seen, sealed
	browser string // the secret of the browser, to which its logins are bound
	busy    string // until when a tab of the browser is on its way to ProConnect
	silent  string // that a silent login was tried, or somebody logged out
	putOff  string // that a renewal failed a moment ago
	idToken string // the ID token, for the logout path alone
	logout  string // the state of a logout under way
	rounds  string // how many logins ended lately
}

func newCookieNames(base, port string, secure bool) *cookieNames {
	host, scoped := "__Host-", "__Secure-"
	if !secure {
		host, scoped = "", ""
	}
	own := base
	if port != "" {
		own += "_" + port
	}
	return &cookieNames{
		port:    port,
		session: host + own,
		seen:    host + own + "_seen",
		browser: host + own + "_browser",
		busy:    host + own + "_busy",
		silent:  host + own + "_silent",
		putOff:  host + own + "_renew",
		idToken: scoped + own + "_id_token",
		logout:  host + own + "_logout",
		rounds:  host + own + "_rounds",
	}
}

// schemeNames are the names of one scheme. Browsers share cookies between the ports of
// a host: a port that is not the scheme's own is part of the name, so that two servers
// on one host do not log each other's people out.
type schemeNames struct {
	own   *cookieNames
	other atomic.Pointer[[]*cookieNames] // of further ports, which are few
}

// maxPorts bounds how many ports' names are kept: a client may write any into its Host.
const maxPorts = 16

// names returns the names of the cookies at an origin.
func (k *Keeper) names(o origin.Origin) *cookieNames {
	s := &k.cookies[0]
	if o.Secure {
		s = &k.cookies[1]
	}
	port := o.Port()
	if port == "" {
		return s.own
	}
	return s.of(k.base, port, o.Secure)
}

// of returns the names for a port. One that no browser writes has none of its own.
func (s *schemeNames) of(base, port string, secure bool) *cookieNames {
	var known []*cookieNames
	if p := s.other.Load(); p != nil {
		known = *p
	}
	for _, n := range known {
		if n.port == port {
			return n
		}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port || n == 0 {
		return s.own
	}
	names := newCookieNames(base, port, secure)
	if len(known) < maxPorts { // one of another request at this moment is made again
		more := append(known[:len(known):len(known)], names)
		s.other.Store(&more)
	}
	return names
}

// binding is what a cookie's content is bound to: the host, and the port that is not the
// scheme's own.
func binding(o origin.Origin) string {
	if o.Port() == "" {
		return o.Host
	}
	return o.Addr
}

// originText is an origin as browsers write it.
func originText(o origin.Origin) string { return strings.ToLower(o.URL("")) }

// findCookie returns the value of a cookie. One that is there twice is not to
// be believed: somebody planted the other.
func findCookie(lines []string, name string) (value string, ok bool) {
	for _, line := range lines {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			n, v, _ := strings.Cut(strings.TrimLeft(pair, " \t"), "=")
			if n != name {
				continue
			}
			if ok {
				return "", false
			}
			value, ok = strings.TrimRight(v, " \t"), true
		}
	}
	return value, ok
}

// setCookie adds a cookie that only the browser and we see.
func setCookie(w http.ResponseWriter, name, value, path string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name:     name,
		Value:    value,
		Path:     path,
		MaxAge:   maxAge,
		Secure:   strings.HasPrefix(name, "__"),
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode, // Strict would be kept back on the way home from ProConnect
	})
}
