package proconnect

import (
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// serveLogout ends the session: on a click on our own site at once, on any other
// way after a question, because a logout is nobody else's to cause.
func (h *Handler) serveLogout(w http.ResponseWriter, r *http.Request, v *visit) error {
	v.open(r, h.client)
	switch {
	case loadsAhead(r), r.Method != http.MethodGet && r.Method != http.MethodPost:
		w.Header().Set("Allow", "GET, POST")
		return h.problem(w, r, v, http.StatusMethodNotAllowed, pages.Problem{Code: pages.MethodNotAllowed, HomeURL: "/"})
	case audienceOf(r) != person:
		if boosted(r) { // a link that a person followed: the page itself goes there
			w.Header().Set("HX-Redirect", v.target())
		}
		return h.problem(w, r, v, http.StatusForbidden, pages.Problem{Code: pages.BadRequest, HomeURL: "/"})
	case h.wantsLogout(w, r, v):
		return h.logout(w, r, v)
	}
	action := h.logoutPath()
	if query := v.url.RawQuery; query != "" && len(query) <= 2*origin.MaxTarget {
		action += "?" + query
	}
	return h.page(w, r, v, http.StatusOK, pages.Logout{
		Action: action, Token: h.client.keeper.LogoutToken(r.Context(), v.origin, v.session.Family, time.Now()), Name: v.session.Name(), HomeURL: "/",
	})
}

// logout ends the session here, then sends the browser to ProConnect to end it
// there. Ours goes first: whatever happens on the way, it is gone.
func (h *Handler) logout(w http.ResponseWriter, r *http.Request, v *visit) error {
	query := v.url.Query()
	state := session.Logout{State: session.RandomText(), Login: query.Get("then") == "login", Started: time.Now().Unix()}
	if state.Login {
		state.Target = origin.ReturnTarget(query.Get("return_to"), h.Path)
		options, ok := h.client.readOptions(query)
		if !ok || len(options.acr) == 0 {
			options.acr = v.entryLevels()
		}
		state.ACR, state.Gate = options.acr, options.gate
	}
	hint := h.client.keeper.IDToken(r.Context(), v.origin, v.cookies, &v.session)
	if !v.session.IsZero() {
		h.client.keeper.Revoke(r.Context(), &v.session)
		h.log.Info("logout", whoField(&v.session.Set))
	}
	h.client.keeper.Clear(w, v.origin, v.cookies, h.logoutPath())
	clearCache(w)
	location, err := h.client.provider.EndSessionURL(r.Context(), hint, v.origin.URL(h.LoggedOutPath), state.State)
	if err == nil {
		err = h.client.keeper.SaveLogout(r.Context(), w, v.origin, state)
	}
	if err == nil && !session.HeadFits(w, location) {
		location, err = h.client.provider.EndSessionURL(r.Context(), "", v.origin.URL(h.LoggedOutPath), state.State)
	}
	if err != nil {
		h.log.Warn("logged out here, but not at ProConnect", zap.Error(err))
		v.session = session.Session{}
		return h.page(w, r, v, http.StatusOK, pages.LoggedOut{HomeURL: "/", Partial: true, Switch: state.Login})
	}
	return redirect(w, h.browserURL(location))
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
func (h *Handler) serveLoggedOut(w http.ResponseWriter, r *http.Request, v *visit) error {
	v.open(r, h.client)
	state, ok := h.client.keeper.FindLogout(r.Context(), w, v.origin, v.cookies, v.url.Query()["state"])
	if ok && state.Login && v.session.IsZero() {
		v.uri = state.Target
		clearCache(w)
		return h.startLogin(w, r, v, &session.Attempt{Target: state.Target, ACR: state.ACR, Gate: state.Gate})
	}
	if !v.session.IsZero() {
		return redirect(w, "/")
	}
	clearCache(w)
	return h.page(w, r, v, http.StatusOK, pages.LoggedOut{HomeURL: "/"})
}
