package sandbox

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// session is a running single sign-on session. A stored one is never changed.
type session struct {
	person
	sub string
}

// loginErrors are what may come back instead of a code, with the description that
// ProConnect gives.
var loginErrors = []struct{ Code, Description string }{
	{"access_denied", "user authentication aborted"},
	{"login_required", "end-user authentication is required"},
	{"invalid_request", "authentication aborted due to a technical error"},
	{"invalid_scope", "requested scope is not allowed"},
	{"server_error", "authentication aborted due to a technical error on the authorization server"},
	{"temporarily_unavailable", "the authorization server is temporarily unavailable"},
	{"idp_hint_not_found", "provided idp_hint could not be found"},
	{"interaction_required", "end-user interaction is required"},
	{"consent_required", "end-user consent is required"},
	{"unauthorized_client", "the client is not authorized"},
}

// authorize is the authorization endpoint. GET answers from a running session or
// shows the page on which people choose who to be; POST is that page's form.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	oauth, form, err := splitParams(r)
	if err != nil {
		s.fail(w, r, http.StatusBadRequest, err)
		return
	}
	a, err := s.parseAuthorization(oauth)
	if err != nil {
		s.fail(w, r, http.StatusBadRequest, err)
		return
	}
	switch r.Method {
	case http.MethodHead: // creates nothing: no code, no session
		w.WriteHeader(http.StatusOK)
	case http.MethodPost:
		s.login(w, r, a, form)
	default:
		s.signOn(w, r, a)
	}
}

var uuidPattern = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// signOn answers silently if the running session allows it. prompt=login and
// prompt=consent do not force a new authentication, nor does max_age.
func (s *Server) signOn(w http.ResponseWriter, r *http.Request, a *authorization) {
	if hint := a.params.Get("idp_hint"); hint != "" && !uuidPattern.MatchString(hint) {
		s.redirectError(w, r, a, "idp_hint_not_found", "provided idp_hint could not be found")
		return
	}
	id, current, running := s.current(r)
	switch {
	case running && a.canReuse(current):
		s.redirectCode(w, r, a, id)
	case running:
		// Also with prompt=none: a request that the session does not satisfy
		// destroys it and shows the page, where login_required would be right.
		s.forget(w, r, id)
		s.ask(w, r, a, http.StatusOK, nil)
	case a.prompts("none"):
		s.redirectError(w, r, a, "login_required", "end-user authentication is required")
	default:
		s.ask(w, r, a, http.StatusOK, nil)
	}
}

// canReuse says whether a running session may answer without a login. An
// essential acr is matched exactly, never as a minimum, and eidas2 and eidas3 are
// only as good as a fresh login.
func (a *authorization) canReuse(s session) bool {
	if h := a.params.Get("login_hint"); h != "" && h != s.text["email"] {
		return false
	}
	if h := a.params.Get("idp_hint"); h != "" && h != s.text["idp_id"] {
		return false
	}
	if a.essentialACR == nil {
		return true
	}
	return a.accepts(s.acr()) && s.acr() != "eidas2" && s.acr() != "eidas3"
}

func (a *authorization) accepts(acr string) bool {
	return a.essentialACR == nil || slices.Contains(a.essentialACR, acr)
}

// login takes the form. A chosen error leaves a running session as it is.
func (s *Server) login(w http.ResponseWriter, r *http.Request, a *authorization, form url.Values) {
	if code := form.Get("error"); code != "" {
		for _, e := range loginErrors {
			if e.Code == code {
				s.redirectError(w, r, a, e.Code, e.Description)
				return
			}
		}
		s.fail(w, r, http.StatusBadRequest, errors.New("error: not one that ProConnect answers"))
		return
	}
	p, err := readPerson(form)
	if err != nil {
		s.ask(w, r, a, http.StatusBadRequest, &mistake{p, form.Get("custom"), err})
		return
	}
	id := s.remember(w, r, session{person: p, sub: p.subject()})
	if !a.accepts(p.acr()) {
		s.redirectError(w, r, a, "access_denied", "requested ACRs could not be satisfied")
		return
	}
	s.redirectCode(w, r, a, id)
}

// current finds the browser's running session.
func (s *Server) current(r *http.Request) (id string, current session, running bool) {
	c, err := r.Cookie(CookieName)
	if err != nil {
		return "", session{}, false
	}
	current, running = s.sessions.get(c.Value)
	return c.Value, current, running
}

// remember starts a session. A person who logs in again keeps the running one, so
// that what other tabs wait for stays valid; another person ends it.
func (s *Server) remember(w http.ResponseWriter, r *http.Request, n session) (id string) {
	id, current, running := s.current(r)
	if running && current.sub != n.sub {
		s.sessions.delete(id)
	}
	if !running || current.sub != n.sub {
		id = rand.Text()
	}
	s.sessions.put(id, n)
	s.setCookie(w, r, id, 0)
	return id
}

// forget ends a session, here and in the browser.
func (s *Server) forget(w http.ResponseWriter, r *http.Request, id string) {
	s.sessions.delete(id)
	s.setCookie(w, r, "", -1)
}

func (s *Server) setCookie(w http.ResponseWriter, r *http.Request, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: CookieName, Value: value, MaxAge: maxAge,
		Path: "/", HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode,
	})
}

// redirectCode sends the browser back with code, state and iss, in that order.
func (s *Server) redirectCode(w http.ResponseWriter, r *http.Request, a *authorization, sessionID string) {
	code := rand.Text()
	g := &grant{authorization: a, sessionID: sessionID, accessToken: rand.Text()}
	if !a.prompts("consent") {
		g.authTime = s.cfg.Now().Truncate(time.Second)
	}
	s.codes.put(code, g)
	s.redirect(w, r, a, "code", code)
}

// redirectError sends the browser back with an error; for invalid_scope it names
// a scope, as the real server does.
func (s *Server) redirectError(w http.ResponseWriter, r *http.Request, a *authorization, code, description string) {
	pairs := []string{"error", code, "error_description", description}
	if code == "invalid_scope" {
		pairs = append(pairs, "scope", a.scopes[len(a.scopes)-1])
	}
	s.redirect(w, r, a, pairs...)
}

// redirect adds state and, by RFC 9207, iss to the answer. The order of the
// parameters is the real server's, which url.Values would sort.
func (s *Server) redirect(w http.ResponseWriter, r *http.Request, a *authorization, pairs ...string) {
	target := *a.redirectURI
	target.RawQuery = appendQuery(target.RawQuery, append(pairs, "state", a.params.Get("state"), "iss", s.cfg.Issuer)...)
	if r.Method == http.MethodPost && !atHome(r, &target) {
		s.leave(w, r, target.String())
		return
	}
	w.Header().Set("Location", target.String())
	w.WriteHeader(http.StatusSeeOther)
}

// leave leads on by a page. Browsers hold the redirect that answers a form against the
// policy of the form's page, and a site may put `form-action 'self'` over ours.
func (s *Server) leave(w http.ResponseWriter, r *http.Request, target string) {
	w.Header().Set("Refresh", "0; url="+target)
	s.show(w, r, http.StatusOK, "message", &view{Leaving: target})
}

// atHome says whether a target is at the origin that a request was sent to.
func atHome(r *http.Request, target *url.URL) bool {
	return target.Host == r.Host && (target.Scheme == "https") == (r.TLS != nil)
}

// appendQuery adds names and values to a raw query, in the order given.
func appendQuery(query string, pairs ...string) string {
	var b strings.Builder
	b.WriteString(query)
	for i := 0; i+1 < len(pairs); i += 2 {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(pairs[i]) + "=" + url.QueryEscape(pairs[i+1]))
	}
	return b.String()
}
