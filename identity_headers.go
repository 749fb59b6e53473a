package proconnect

import (
	"net/http"
	"slices"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"
)

// deleteForged drops what the client sent under a prefix, once: a later gate of
// the same prefix must not take away what an earlier one set.
func (q *request) deleteForged(r *http.Request, prefix string) {
	if prefix == "" || slices.ContainsFunc(q.deleted, func(p string) bool { return strings.EqualFold(p, prefix) }) {
		return
	}
	q.deleted = append(q.deleted, prefix)
	upstream.DeleteHeaders(r.Header, prefix)
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
		r.Header.Set(h.Headers+upstream.HeaderName(claim.Name), strings.Join(values, " "))
	}
}
