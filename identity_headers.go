package proconnect

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"
)

// encodingPercent is the value of headers_encoding that lets servers which read headers
// as Latin-1 (Node, WSGI, ASGI) have names as they are.
const encodingPercent = "percent"

// checkHeaders refuses identity headers that cannot be.
func (h *Handler) checkHeaders() error {
	switch h.HeadersEncoding {
	case "", encodingPercent:
	default:
		return fmt.Errorf("headers_encoding %q: want percent, or nothing", h.HeadersEncoding)
	}
	if h.HeadersEncoding != "" && h.Headers == "" {
		return errors.New("headers_encoding: there are no headers to encode: set headers, too")
	}
	return upstream.CheckHeaders(h.Headers)
}

// deleteForged drops what the client sent under a prefix, once: a later gate of
// the same prefix must not take away what an earlier one set.
func (q *request) deleteForged(r *http.Request, prefix string) {
	if prefix == "" || slices.ContainsFunc(q.deleted, func(p string) bool { return strings.EqualFold(p, prefix) }) {
		return
	}
	q.deleted = append(q.deleted, prefix)
	upstream.DeleteHeaders(r.Header, prefix)
}

// headerValue writes a claim's values as one header's.
func headerValue(values []string, encoding string) string {
	if encoding == encodingPercent {
		for i := range values {
			values[i] = upstream.EncodePercent(values[i])
		}
	}
	return strings.Join(values, " ")
}

// setHeaders hands the identity on as request headers.
func (h *Handler) setHeaders(r *http.Request, q *request) {
	id := q.user()
	if h.Headers == "" || id == nil {
		return
	}
	q.prefixes = append(q.prefixes, h.Headers)
	upstream.KeepEndToEnd(r.Header, h.Headers)
	for claim, values := range id.All() {
		r.Header.Set(h.Headers+upstream.HeaderName(claim.Name), headerValue(values, h.HeadersEncoding))
	}
}
