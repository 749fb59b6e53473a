package proconnect

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

var validHeaderPrefix = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*-$`)

// foreignHeaders are headers that requests carry without us. A prefix that they
// have would delete them: sites would break, and what tells that a request came
// through a proxy would be gone.
var foreignHeaders = []string{
	"Accept-Encoding", "Access-Control-Request-Method", "Cache-Control", "CF-Connecting-IP", "Content-Type",
	"If-None-Match", "Last-Event-ID", "Proxy-Authorization", "Sec-Fetch-Site", "Sec-WebSocket-Key", "User-Agent",
	"X-CSRF-Token", "X-Forwarded-For", "X-Real-IP", "X-Request-ID", "X-Requested-With",
}

// checkHeaders checks the prefix of identity headers; empty is none.
func checkHeaders(prefix string) error {
	if prefix == "" {
		return nil
	}
	if !validHeaderPrefix.MatchString(prefix) {
		return fmt.Errorf("headers %q: want a prefix of letters, digits and hyphens that ends in a hyphen, such as %s", prefix, defaultHeaderPrefix)
	}
	for _, name := range foreignHeaders {
		if looksPrefixed(name, prefix) {
			return fmt.Errorf("headers %q: every header of this prefix is deleted, %s too: want one that is nobody else's, such as %s", prefix, name, defaultHeaderPrefix)
		}
	}
	return nil
}

// deleteForged drops what the client sent under a prefix, once: a later gate of
// the same prefix must not take away what an earlier one set.
func (v *visit) deleteForged(r *http.Request, prefix string) {
	if prefix == "" || slices.ContainsFunc(v.deleted, func(p string) bool { return strings.EqualFold(p, prefix) }) {
		return
	}
	v.deleted = append(v.deleted, prefix)
	deleteHeaders(r.Header, prefix)
}

// dropUpgrade keeps a connection in HTTP/1.1, but for WebSockets: in one that becomes
// HTTP/2 (RFC 7540 §3.2) whatever is asked next goes to the upstream past the gate.
// A server may always leave an Upgrade unanswered (RFC 9110 §7.8).
func dropUpgrade(h http.Header) {
	if values, ok := h["Upgrade"]; ok && (len(values) != 1 || !strings.EqualFold(strings.TrimSpace(values[0]), "websocket")) {
		delete(h, "Upgrade")
		delete(h, "Http2-Settings")
	}
}

// setHeaders hands the identity on as request headers.
func (h *Handler) setHeaders(r *http.Request, v *visit) {
	id := v.user()
	if h.Headers == "" || id == nil {
		return
	}
	v.prefixes = append(v.prefixes, h.Headers)
	keepEndToEnd(r.Header, h.Headers)
	for claim, values := range id.All() {
		r.Header.Set(h.Headers+headerName(claim.Name), strings.Join(values, " "))
	}
}

// keepEndToEnd drops headers with this prefix from Connection, which the client
// sends: a proxy deletes what Connection names (RFC 9110 §7.6.1), and the
// upstream would take an identified person for nobody.
func keepEndToEnd(h http.Header, prefix string) {
	var kept []string
	dropped := false
	for _, line := range h["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); looksPrefixed(name, prefix) {
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

// headerName turns a claim's name into the end of a header's. A hyphen stands
// for what header names cannot hold, and for the underscore, which many servers
// take for one or drop.
func headerName(claim string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '-'
	}, claim)
}

// deleteHeaders drops every header that a server behind us might take for one
// with this prefix: whatever the case, and with _ or . for the hyphen, which CGI
// and WSGI make the same variable of.
func deleteHeaders(h http.Header, prefix string) {
	for name := range h {
		if looksPrefixed(name, prefix) {
			delete(h, name)
		}
	}
}

func looksPrefixed(name, prefix string) bool {
	if len(name) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		a, b := name[i], prefix[i]
		if a = lower(a); (a < '0' || a > '9') && (a < 'a' || a > 'z') {
			a = '-'
		}
		if a != lower(b) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
