package proconnect

import (
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"
)

// serveNext runs what stands behind the gate, with a response that is kept private.
func (v *visit) serveNext(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	err := next.ServeHTTP(v.keepPrivate(w, r), r)
	if err != nil {
		// The page of an error is written past our writer, and may name the person.
		upstream.MakePrivate(w.Header(), v.keepsPage(r))
	}
	return err
}

// keepPrivate wraps the response writer so that no shared cache keeps what only
// some may see. It wraps once, however many gates a request passes.
func (v *visit) keepPrivate(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	if v.wrapped {
		return w
	}
	v.wrapped = true
	v.writer.Wrap(w, v.keepsPage(r))
	return &v.writer
}

// keepsPage says whether the response may show somebody who is logged in a page,
// to which Back would lead after the logout.
func (v *visit) keepsPage(r *http.Request) bool {
	if v.session.IsZero() {
		return false
	}
	if mode, ok := r.Header["Sec-Fetch-Mode"]; ok {
		return mode[0] == "navigate" || remadeNavigation(r)
	}
	return acceptsHTML(r)
}
