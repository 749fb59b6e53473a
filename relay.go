package proconnect

import (
	"net/http"
	"net/url"
	"strings"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/layout"
	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// What callback_origin does with an answer that is for another site: it finds out which,
// and sends the browser on. It redeems no code and sets nothing: the site does the rest,
// as if the answer had come straight to it. Whatever is not as it must be ends on a page.

// maxLogoutQuery bounds, in bytes, what is read of the address of a logged-out page.
const maxLogoutQuery = 4 << 10

// relayLoggedOut sends a browser that comes back from a logout on to the site at which it
// began. done is false where that is this one, or this is not callback_origin.
func (x *exchange) relayLoggedOut() (done bool, err error) {
	y := x.gate.client.relay
	if !y.isAt(x.origin) {
		return false, nil
	}
	state, ok := onlyState(x.url.RawQuery)
	if !ok || !atDocument(x.r) {
		return true, x.loggedOutHere()
	}
	site, began, ok := x.keeper().OpenLogoutState(x.r.Context(), state)
	switch {
	case !ok:
		x.gate.reportOnce(faultRelayUnopened)
		return true, x.loggedOutHere()
	case !session.LogoutUnderWay(began, x.keeper().Now()):
		return true, x.loggedOutHere()
	case site == x.origin.URL(""):
		return false, nil
	}
	to, gate, ok := y.site(site)
	if !ok {
		x.gate.reportOnce(faultRelaySite, zap.String("site", site))
		return true, x.loggedOutHere()
	}
	return true, redirect(x.w, to.URL(gate.LoggedOutPath)+"?state="+url.QueryEscape(state))
}

// loggedOutHere is the page after a logout that leads to no site. It is the same for
// everybody.
func (x *exchange) loggedOutHere() error { return x.page(http.StatusOK, pages.LoggedOut{Unsure: true}) }

// onlyState reads the state that ProConnect brings back from a logout.
func onlyState(rawQuery string) (state string, ok bool) {
	if len(rawQuery) > maxLogoutQuery {
		return "", false
	}
	query, err := url.ParseQuery(rawQuery)
	for _, values := range query {
		if len(values) > 1 {
			return "", false
		}
	}
	return query.Get("state"), err == nil && query.Has("state")
}

// atDocument says whether a request is a person's, who sees the answer as the page of a
// window, and no service worker's or script's that looks like one.
func atDocument(r *http.Request) bool {
	dest := r.Header.Get("Sec-Fetch-Dest")
	return mayStartLogin(r) && (dest == "document" || dest == "")
}

// site returns the origin that a text says, and its gate, if people may be sent there.
func (y *relay) site(text string) (o origin.Origin, g layout.Gate, ok bool) {
	scheme, addr, _ := strings.Cut(text, "://")
	if o = origin.Of(addr, scheme == "https"); o.URL("") != text {
		return o, g, false
	}
	g, ok = y.siteAt(o)
	return o, g, ok
}

// refusesWorker says whether a browser asks for the script of a service worker at
// callback_origin. One would see, and could change, every answer of ProConnect's there.
func (y *relay) refusesWorker(q *request, r *http.Request) bool {
	return q.origin.Host == y.origin.Host && r.Header.Get("Service-Worker") != ""
}

// callbackPath is where an answer reaches the gate's site.
func (h *Handler) callbackPath(o origin.Origin) string {
	if y := h.client.relay; y != nil && !y.isAt(o) {
		if g, ok := y.siteAt(o); ok {
			return g.CallbackPath
		}
	}
	return h.CallbackPath
}

// loggedOutURI is where ProConnect sends people after a logout.
func (x *exchange) loggedOutURI() string {
	if y := x.gate.client.relay; y != nil {
		return y.origin.URL(y.routes.Gate.LoggedOutPath)
	}
	return x.origin.URL(x.gate.LoggedOutPath)
}

// logoutState is the state of a logout.
func (x *exchange) logoutState() (string, error) {
	if x.gate.client.relay == nil {
		return session.RandomText(), nil
	}
	return x.keeper().LogoutState(x.r.Context(), x.origin, x.keeper().Now())
}
