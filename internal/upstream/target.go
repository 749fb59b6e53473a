package upstream

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Target is what a request asked for before anything rewrote it, and what there is
// to say of how servers read that.
type Target struct {
	// Malformed says that no browser sends such a target.
	Malformed bool

	ambiguous bool // servers read it in several ways
	url       *url.URL
}

// TargetOf looks at the target of a request. What it says holds for the request's
// whole way through the gates, so one look will do.
func TargetOf(r *http.Request) Target {
	t := Target{url: OriginalURL(r)}
	t.Malformed, t.ambiguous = malformed(rawPath(r))
	return t
}

// original is the request as the client sent it; Caddy keeps its target, its method
// and no headers.
func original(r *http.Request) (http.Request, bool) {
	orig, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request)
	return orig, ok
}

// OriginalURL is what the browser asked for, whatever was rewritten since.
func OriginalURL(r *http.Request) *url.URL {
	if orig, ok := original(r); ok {
		return orig.URL
	}
	return r.URL
}

// rawPath is the path of a request's target as the client wrote it.
func rawPath(r *http.Request) string {
	target, u := r.RequestURI, OriginalURL(r)
	if orig, ok := original(r); ok {
		target = orig.RequestURI
	}
	if target == "" { // not from the network
		return u.EscapedPath()
	}
	if u.Opaque != "" {
		return u.Opaque
	}
	path, _, _ := strings.Cut(target, "?")
	return path
}
