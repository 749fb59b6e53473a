package proconnect

import (
	"net/http"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// serveLogout ends the session: on a click on our own site at once, on any other
// way after a question, because a logout is nobody else's to cause.
func (x *exchange) serveLogout() error {
	if x.open(x.r); x.unread() {
		return x.sessionsUnread()
	}
	switch {
	case audienceOf(x.r) != navigation:
		if boosted(x.r) { // a link that a person followed: the page itself goes there
			x.w.Header().Set("HX-Redirect", x.target())
		}
		return x.problem(faultForeignRequest, pages.Problem{HomeURL: "/"})
	case x.wantsLogout():
		return x.logout()
	}
	action := x.gate.logoutPath()
	if query := x.url.RawQuery; query != "" && len(query) <= 2*origin.MaxTarget {
		action += "?" + query
	}
	return x.page(http.StatusOK, pages.Logout{
		Action: action, Token: x.keeper().LogoutToken(x.r.Context(), x.origin, x.session.Family, x.keeper().Now()), Name: x.session.Name(), HomeURL: "/",
	})
}

// logout ends the session here, then sends the browser to ProConnect to end it
// there. Ours goes first: whatever happens on the way, it is gone.
func (x *exchange) logout() error {
	query := x.url.Query()
	text, err := x.logoutState()
	state := session.Logout{State: text, Login: query.Get("then") == "login", Started: x.keeper().Now().Unix()}
	if state.Login {
		state.Target = x.returnTo(query.Get("return_to"))
		options, ok := x.gate.client.readOptions(query)
		if !ok || len(options.acr) == 0 {
			options.acr = x.entryLevels()
		}
		state.ACR, state.Gate = options.acr, options.gate
	}
	hint := x.keeper().IDToken(x.r.Context(), x.origin, x.cookies, &x.session)
	x.keeper().RevokeOver(&x.session)
	if !x.session.IsZero() {
		x.keeper().Revoke(&x.session)
		x.reportLogout()
	}
	x.keeper().Clear(x.w, x.origin, x.gate.logoutPath())
	clearCache(x.w)
	var location string
	if err == nil {
		location, err = x.endSessionURL(hint, state)
	}
	if err != nil {
		x.reportLogoutHereOnly(err)
		x.session = session.Session{}
		return x.loggedOut(pages.LoggedOut{Partial: true, Switch: state.Login})
	}
	if location = x.gate.browserURL(location); x.r.Method == http.MethodPost {
		// Browsers hold what a redirect leads to against `form-action`, which the site's
		// own late policy may limit to the site.
		return x.page(http.StatusOK, pages.Leaving{URL: location})
	}
	return redirect(x.w, location)
}

// endSessionURL is where ProConnect ends its session, and comes back to what is kept of the
// logout. A redirect with a hint may be more than a server in front takes: it goes without.
func (x *exchange) endSessionURL(hint string, state session.Logout) (string, error) {
	provider := x.gate.client.provider
	location, err := provider.EndSessionURL(x.r.Context(), hint, x.loggedOutURI(), state.State)
	if err != nil {
		return "", err
	}
	if err := x.keeper().SaveLogout(x.r.Context(), x.w, x.origin, state); err != nil {
		return "", err
	}
	if x.r.Method != http.MethodPost && !session.HeadFits(x.w, location) {
		return provider.EndSessionURL(x.r.Context(), "", x.loggedOutURI(), state.State)
	}
	return location, nil
}

// logoutPath is where people log out, and the only place where browsers send the ID
// token that was kept for it.
func (h *Handler) logoutPath() string { return h.Path + "/logout" }

// clearCache has the browser drop what it keeps of this site's pages, those that
// Back would bring up again among them.
func clearCache(w http.ResponseWriter) { w.Header().Set("Clear-Site-Data", `"cache"`) }

// serveLoggedOut is where ProConnect sends the browser after a logout. A state
// that is wrong or missing changes nothing: the page is the same for everybody,
// and only a logout that this browser began goes on to a login.
func (x *exchange) serveLoggedOut() error {
	if done, err := x.relayLoggedOut(); done {
		return err
	}
	x.open(x.r)
	state, ok := x.keeper().FindLogout(x.r.Context(), x.w, x.origin, x.cookies, x.url.Query()["state"])
	if ok && state.Login && x.session.IsZero() && audienceOf(x.r) == navigation {
		x.uri = state.Target
		clearCache(x.w)
		return x.startLogin(&session.Attempt{Target: state.Target, ACR: state.ACR, Gate: state.Gate})
	}
	if !x.session.IsZero() {
		return redirect(x.w, "/")
	}
	clearCache(x.w)
	return x.loggedOut(pages.LoggedOut{Unsure: !ok})
}
