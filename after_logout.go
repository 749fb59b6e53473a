package proconnect

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
)

// checkAfterLogout refuses an address that a browser could take for another one than the
// operator's, and those of the gate itself.
func checkAfterLogout(h *Handler) error {
	s := h.AfterLogout
	if s == "" || isPlainAddress(s) && leavesEndpoints(h, s) {
		return nil
	}
	return fmt.Errorf("after_logout %q: want a path of the site such as /goodbye.html, outside of %s, or an https URL (http on loopback)", s, h.Path)
}

// isPlainAddress says whether an address means one thing: a path of this origin, or a
// URL of another.
func isPlainAddress(s string) bool {
	if strings.ContainsAny(s, `{}<>"\`) || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return false
	}
	u, err := url.Parse(s)
	if err != nil || u.Opaque != "" || u.User != nil {
		return false
	}
	if u.Scheme == "" && u.Host == "" {
		return origin.IsLocalPath(s) && origin.ReturnTarget(u.EscapedPath(), "/\x00") == u.EscapedPath()
	}
	_, err = origin.Parse(u.Scheme + "://" + u.Host)
	return err == nil
}

// leavesEndpoints says whether an address is none of the gate's own: the logged-out page
// would lead to itself, or back to a login.
func leavesEndpoints(h *Handler, s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Host != "" || u.Path != h.CallbackPath && u.Path != h.LoggedOutPath && !strings.HasPrefix(u.Path+"/", h.Path+"/"))
}

// shareAfterLogout has the gates of a site agree on where people go on after a logout:
// the first of them that the request meets answers for all.
func shareAfterLogout(h *Handler, ctx caddy.Context, s site) error {
	server, _ := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	h.logouts = logoutPlace{server, strings.Join(s.hosts, " ") + h.Origin, h.LoggedOutPath}
	if h.AfterLogout == "" {
		return nil
	}
	if other, given := h.client.afterLogout[h.logouts]; given && other != h.AfterLogout {
		return fmt.Errorf("after_logout %q and %q: the gates of a site share one: keep one of them", other, h.AfterLogout)
	}
	if h.client.afterLogout == nil {
		h.client.afterLogout = make(map[logoutPlace]string)
	}
	h.client.afterLogout[h.logouts] = h.AfterLogout
	return nil
}

// loggedOut answers at the end of a logout. Where ProConnect knows of it, the page leads
// on by itself to where the operator wants it to; else it says what is left to do.
func (x *exchange) loggedOut(view pages.LoggedOut) error {
	view.HomeURL, view.NextURL = "/", x.gate.client.afterLogout[x.gate.logouts]
	return x.page(http.StatusOK, view)
}
