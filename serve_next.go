package proconnect

import (
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"
)

// serveNext runs what is behind the gate, with a response that is kept private.
func (q *request) serveNext(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	err := next.ServeHTTP(q.keepPrivate(w, r), r)
	if err != nil {
		// The page of an error is written past our writer, and may name the person.
		upstream.MakePrivate(w.Header(), q.keepsPage(r))
	}
	return err
}

// keepPrivate wraps the response writer so that no shared cache keeps what only
// some may see. It wraps once, however many gates a request passes.
func (q *request) keepPrivate(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	if q.wrapped {
		return w
	}
	q.wrapped = true
	q.writer.Wrap(w, q.keepsPage(r))
	return &q.writer
}

// keepsPage says whether the response may show somebody who is logged in a page,
// to which Back would lead after the logout.
func (q *request) keepsPage(r *http.Request) bool {
	if q.session.IsZero() {
		return false
	}
	if mode, ok := r.Header["Sec-Fetch-Mode"]; ok {
		return mode[0] == "navigate" || remadeNavigation(r)
	}
	return acceptsHTML(r)
}
