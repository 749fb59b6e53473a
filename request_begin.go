package proconnect

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"
)

// begin returns what the gates share on a request. The first of them begins it: it maps
// the placeholders and takes out of the request what the others must not see: our
// cookies, and whatever arrives after us.
func (h *Handler) begin(r *http.Request) *request {
	if q := requestOf(r); q != nil {
		return q
	}
	q := new(request)
	q.gate, q.origin = h, h.originOf(r)
	q.cookies, q.url = r.Header["Cookie"], upstream.OriginalURL(r)
	h.client.hideCookies(r.Header)
	upstream.DropUpgrade(r.Header)
	upstream.DropTrailers(r)
	caddyhttp.SetVar(r.Context(), requestVar, q)
	if repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		repl.Map(q.placeholder)
	}
	return q
}

// open looks for the session, once.
func (q *request) open(r *http.Request) {
	if q.lookup != notLooked {
		return
	}
	q.lookup = looked
	switch p := probeOf(r); {
	case p == nil:
	case p.rehearsal != nil:
		q.lookup, q.session = rehearsing, p.rehearsal.sessionAt(q.gate.client)
		return
	case p.session != nil && p.gate.client == q.gate.client:
		q.session = *p.session // the cookie is kept out of the probe, which may go astray
		return
	}
	if q.keeper().Open(r.Context(), q.origin, q.cookies, &q.session) != nil {
		q.lookup = lookedUnread
	}
}
