// Package upstream knows what may reach the site behind a gate, and what may leave it:
// which headers, cookies and trailers of a client are taken away, and how a response
// stays out of shared caches. It also knows what servers may take a request for, so that
// a gate's matcher finds what it gates in whatever spelling: a [Target] is what was asked
// for, a [Matcher] says whether that, or anything a server may read it as, is gated.
package upstream

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"
)

// DefaultPrefix is that of identity headers where the operator names none.
const DefaultPrefix = "X-ProConnect-"

var validHeaderPrefix = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*-$`)

// foreignHeaders are headers that requests carry without us. A prefix that they
// have would delete them: sites would break, and what tells that a request came
// through a proxy would be gone.
var foreignHeaders = []string{
	"Accept-Encoding", "Access-Control-Request-Method", "Cache-Control", "CF-Connecting-IP", "Content-Type",
	"If-None-Match", "Last-Event-ID", "Proxy-Authorization", "Sec-Fetch-Site", "Sec-WebSocket-Key", "User-Agent",
	"X-CSRF-Token", "X-Forwarded-For", "X-Real-IP", "X-Request-ID", "X-Requested-With",
}

// CheckHeaders checks the prefix of identity headers; empty is none.
func CheckHeaders(prefix string) error {
	if prefix == "" {
		return nil
	}
	if !validHeaderPrefix.MatchString(prefix) {
		return fmt.Errorf("headers %q: want a prefix of letters, digits and hyphens that ends in a hyphen, such as %s", prefix, DefaultPrefix)
	}
	for _, name := range foreignHeaders {
		if LooksPrefixed(name, prefix) {
			return fmt.Errorf("headers %q: every header of this prefix is deleted, %s too: want one that is nobody else's, such as %s", prefix, name, DefaultPrefix)
		}
	}
	return nil
}

// DropUpgrade keeps a connection in HTTP/1.1, but for WebSockets: in one that becomes
// HTTP/2 (RFC 7540 §3.2) whatever is asked next goes to the upstream past the gate.
// A server may always leave an Upgrade unanswered (RFC 9110 §7.8).
func DropUpgrade(h http.Header) {
	if values, ok := h["Upgrade"]; ok && (len(values) != 1 || !strings.EqualFold(strings.TrimSpace(values[0]), "websocket")) {
		delete(h, "Upgrade")
		delete(h, "Http2-Settings")
	}
}

// KeepEndToEnd drops headers with this prefix from Connection, which the client
// sends: a proxy deletes what Connection names (RFC 9110 §7.6.1), and the
// upstream would take an identified person for nobody.
func KeepEndToEnd(h http.Header, prefix string) {
	var kept []string
	dropped := false
	for _, line := range h["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); LooksPrefixed(name, prefix) {
				dropped = true
				continue
			}
			kept = append(kept, name)
		}
	}
	if dropped {
		h["Connection"] = kept
	}
}

// HeaderName turns a claim's name into the end of a header's. A hyphen is written
// for what header names cannot hold, and for the underscore, which many servers
// take for one or drop.
func HeaderName(claim string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '-'
	}, claim)
}

// DeleteHeaders drops every header that a server behind us might take for one
// with this prefix: whatever the case, and with _ or . for the hyphen, which CGI
// and WSGI make the same variable of.
func DeleteHeaders(h http.Header, prefix string) {
	maps.DeleteFunc(h, func(name string, _ []string) bool { return LooksPrefixed(name, prefix) })
}

// LooksPrefixed says whether a server may take a header for one with this prefix.
func LooksPrefixed(name, prefix string) bool {
	if len(name) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		a, b := name[i], prefix[i]
		if a = Lower(a); (a < '0' || a > '9') && (a < 'a' || a > 'z') {
			a = '-'
		}
		if a != Lower(b) {
			return false
		}
	}
	return true
}

// Lower folds an ASCII letter.
func Lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
