package proconnect

import (
	"net/http"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// originOf finds out where a request was sent: from `origin`, else from the
// connection and the host that Caddy routed. X-Forwarded-Host is never read, and
// X-Forwarded-Proto only from a proxy that the server trusts.
func (h *Handler) originOf(r *http.Request) origin.Origin {
	if h.origin != nil {
		return *h.origin
	}
	return origin.Of(r.Host, r.TLS != nil || forwardedHTTPS(r))
}

// fromThisSite says whether a request that has effects comes from a page of the
// site's own. A proxy may have added the port that browsers leave out of Origin.
func (h *Handler) fromThisSite(r *http.Request, p origin.Origin) bool {
	if r.Host != p.Addr {
		public := *r
		public.Host, r = p.Addr, &public
	}
	return h.csrf.Check(r) == nil
}
