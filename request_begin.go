package proconnect

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"
)

// visit returns the visit that a request is. The first gate begins it: it maps
// the placeholders and takes out of the request what the others must not see: our
// cookies, and whatever arrives after us.
func (h *Handler) visit(r *http.Request) *visit {
	if v := visitOf(r); v != nil {
		return v
	}
	v := &visit{gate: h, origin: h.originOf(r), cookies: r.Header["Cookie"], url: upstream.OriginalURL(r)}
	h.client.hideCookies(r.Header)
	upstream.DropUpgrade(r.Header)
	upstream.DropTrailers(r)
	caddyhttp.SetVar(r.Context(), visitVar, v)
	if repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		repl.Map(v.placeholder)
	}
	return v
}

// open looks for the session, once.
func (v *visit) open(r *http.Request, c *Client) {
	if v.opened {
		return
	}
	v.opened = true
	if p := probeOf(r); p != nil && p.session != nil && p.gate.client == c {
		v.session = *p.session // the cookie is kept out of the probe, which may go astray
		return
	}
	c.keeper.Open(r.Context(), v.origin, v.cookies, &v.session)
}
