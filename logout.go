package proconnect

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// maxHead is what the cookies of one answer may weigh together with where it leads,
// in bytes, if the ID token is among them: nginx in front gives all headers of an
// answer 4 kB by default. Over it, the logout goes without the ID token, and names
// the client instead.
const maxHead = 3500

// logoutTime is how long a browser may stay at ProConnect during a logout.
const logoutTime = 10 * time.Minute

// logoutState is a logout under way, sealed into a cookie.
type logoutState struct {
	State   string `json:"s"`
	Login   bool   `json:"l,omitempty"` // go on to a login: another account or organisation
	Target  string `json:"t,omitempty"`
	Started int64  `json:"d"`

	// What that login asks for.
	ACR  []string `json:"a,omitempty"`
	Gate string   `json:"g,omitempty"`
}

// keepHint keeps the ID token for the logout, where alone the browser sends it.
// It is bound to the family: another session's token is no hint for this one.
func (h *Handler) keepHint(w http.ResponseWriter, r *http.Request, v *visit, family familyID, idToken, target string) {
	name := h.client.names(v.origin.Secure).idToken
	value, err := h.client.hints.Seal(r.Context(), append(family[:], idToken...), v.origin.Host)
	if err != nil || headSize(w, target)+len(name)+len(value)+len(h.Path)+cookieAttributes > maxHead {
		setCookie(w, name, "", h.Path+"/logout", -1)
		return
	}
	setCookie(w, name, value, h.Path+"/logout", 0)
}

// cookieAttributes is what a cookie weighs beside its name, its value and its path.
const cookieAttributes = len("Set-Cookie: =; Path=/logout; HttpOnly; Secure; SameSite=Lax\r\n")

// headSize is what the cookies of an answer weigh, and where it leads.
func headSize(w http.ResponseWriter, location string) int {
	n := len("Location: \r\n") + len(location)
	for _, cookie := range w.Header()["Set-Cookie"] {
		n += len("Set-Cookie: \r\n") + len(cookie)
	}
	return n
}

// hint returns the ID token that was kept for a session; empty if there is none.
func (h *Handler) hint(r *http.Request, v *visit) string {
	value, ok := findCookie(v.cookies, h.client.names(v.origin.Secure).idToken)
	if !ok || v.session.isZero() {
		return ""
	}
	plain, err := h.client.hints.Open(r.Context(), value, v.origin.Host)
	if err != nil || len(plain) < len(familyID{}) || plain[:len(familyID{})] != string(v.session.family[:]) {
		return ""
	}
	return plain[len(familyID{}):]
}

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
	action := h.Path + "/logout"
	if query := v.url.RawQuery; query != "" && len(query) <= 2*origin.MaxTarget {
		action += "?" + query
	}
	return h.page(w, r, v, http.StatusOK, pages.Logout{
		Action: action, Token: h.client.logoutToken(r.Context(), v, time.Now()), Name: v.session.Name(), HomeURL: "/",
	})
}

// logout ends the session here, then sends the browser to ProConnect to end it
// there. Ours goes first: whatever happens on the way, it is gone.
func (h *Handler) logout(w http.ResponseWriter, r *http.Request, v *visit) error {
	query := v.url.Query()
	state := logoutState{State: randomText(), Login: query.Get("then") == "login", Started: time.Now().Unix()}
	if state.Login {
		state.Target = origin.ReturnTarget(query.Get("return_to"), h.Path)
		options, ok := h.client.readOptions(query)
		if !ok || len(options.acr) == 0 {
			options.acr = v.entryLevels()
		}
		state.ACR, state.Gate = options.acr, options.gate
	}
	hint := h.hint(r, v)
	if !v.session.isZero() {
		h.client.revoked.revoke(r.Context(), v.session.family, v.session.endsAt())
		h.log.Info("logout", whoField(&v.session.Set))
	}
	h.forget(w, v)
	clearCache(w)
	location, err := h.client.provider.EndSessionURL(r.Context(), hint, v.origin.URL(h.LoggedOutPath), state.State)
	if err == nil {
		err = h.keepLogout(w, r, v, state)
	}
	if err == nil && headSize(w, location) > maxHead {
		location, err = h.client.provider.EndSessionURL(r.Context(), "", v.origin.URL(h.LoggedOutPath), state.State)
	}
	if err != nil {
		h.log.Warn("logged out here, but not at ProConnect", zap.Error(err))
		v.session = session{}
		return h.page(w, r, v, http.StatusOK, pages.LoggedOut{HomeURL: "/", Partial: true, Switch: state.Login})
	}
	return redirect(w, h.browserURL(location))
}

// clearCache has the browser drop what it keeps of this site's pages, those that
// Back would bring up again among them.
func clearCache(w http.ResponseWriter) { w.Header().Set("Clear-Site-Data", `"cache"`) }

// forget drops everything that the browser keeps for us. The attempts go too: a
// login that another tab began before the logout does not bring a session back.
// So does the count of rounds: somebody who changes account is in no loop.
func (h *Handler) forget(w http.ResponseWriter, v *visit) {
	names := h.client.names(v.origin.Secure)
	setCookie(w, names.session, "", "/", -1)
	setCookie(w, names.rounds, "", "/", -1)
	setCookie(w, names.idToken, "", h.Path+"/logout", -1)
	dropped := 0
	eachCookie(v.cookies, names.login, func(name, _ string) {
		if dropped++; dropped <= 4*maxAttempts {
			setCookie(w, name, "", "/", -1)
		}
	})
}

func (h *Handler) keepLogout(w http.ResponseWriter, r *http.Request, v *visit, state logoutState) error {
	plain, err := json.Marshal(state)
	if err != nil {
		return err
	}
	value, err := h.client.logouts.Seal(r.Context(), plain, v.origin.Host)
	if err != nil {
		return err
	}
	setCookie(w, h.client.names(v.origin.Secure).logout, value, "/", int(logoutTime/time.Second))
	return nil
}

// serveLoggedOut is where ProConnect sends the browser after a logout. A state
// that is wrong or missing changes nothing: the page is the same for everybody,
// and only a logout that this browser began goes on to a login.
func (h *Handler) serveLoggedOut(w http.ResponseWriter, r *http.Request, v *visit) error {
	v.open(r, h.client)
	name := h.client.names(v.origin.Secure).logout
	state, ok := h.findLogout(r, v, name)
	if ok {
		setCookie(w, name, "", "/", -1)
		if state.Login && v.session.isZero() {
			v.uri = state.Target
			clearCache(w)
			return h.startLogin(w, r, v, &attempt{Target: state.Target, ACR: state.ACR, Gate: state.Gate})
		}
	}
	if !v.session.isZero() {
		return redirect(w, "/")
	}
	clearCache(w)
	return h.page(w, r, v, http.StatusOK, pages.LoggedOut{HomeURL: "/"})
}

// findLogout returns the logout that the state in the query belongs to.
func (h *Handler) findLogout(r *http.Request, v *visit, name string) (state logoutState, ok bool) {
	value, found := findCookie(v.cookies, name)
	if !found {
		return state, false
	}
	plain, err := h.client.logouts.Open(r.Context(), value, v.origin.Host)
	if err != nil || json.Unmarshal([]byte(plain), &state) != nil {
		return logoutState{}, false
	}
	if age := time.Since(time.Unix(state.Started, 0)); age > logoutTime || age < -clockSkew {
		return logoutState{}, false
	}
	returned := v.url.Query()["state"]
	ok = len(returned) == 1 && subtle.ConstantTimeCompare([]byte(returned[0]), []byte(state.State)) == 1
	return state, ok
}
