package sandbox

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
)

// endSession logs the browser out and sends it back (OpenID Connect RP-Initiated
// Logout §2). The real server passes by the identity provider and by a page that
// needs JavaScript; the outcome is the same.
func (s *Server) endSession(w http.ResponseWriter, r *http.Request) {
	v, err := endSessionParams(r)
	if err == nil {
		err = s.checkEndSession(v)
	}
	if errors.Is(err, errHint) {
		s.show(w, r, http.StatusBadRequest, "message", &view{Err: err, Next: s.withoutHint(v)})
		return
	}
	if err != nil {
		s.fail(w, r, http.StatusBadRequest, err)
		return
	}
	if r.Method == http.MethodHead { // ends nothing
		w.WriteHeader(http.StatusOK)
		return
	}
	if id, _, running := s.current(r); running {
		s.forget(w, r, id)
	}
	if !v.Has("id_token_hint") && !v.Has("client_id") || !v.Has("post_logout_redirect_uri") {
		s.show(w, r, http.StatusOK, "message", &view{LoggedOut: true}) // the return is dropped: nobody says whose it is
		return
	}
	target, err := loopbackURL(v.Get("post_logout_redirect_uri"))
	if err != nil { // found out after the session has ended, there as here
		s.fail(w, r, http.StatusBadRequest, errors.New("post_logout_redirect_uri: not registered"))
		return
	}
	if v.Has("state") {
		target.RawQuery = appendQuery(target.RawQuery, "state", v.Get("state"))
	}
	w.Header().Set("Location", target.String())
	w.WriteHeader(http.StatusSeeOther)
}

// errHint is the answer to a hint with a bad signature. The real server leaves
// people there; here, where keys do not outlive the process, it would happen
// after every restart, so the page leads on.
var errHint = errors.New("id_token_hint: not signed by this sandbox, which forgets its keys when Caddy restarts")

// withoutHint is a relative link to the same logout by client_id.
func (s *Server) withoutHint(v url.Values) string {
	v.Del("id_token_hint")
	v.Set("client_id", s.cfg.ClientID)
	return "end-session?" + v.Encode()
}

func endSessionParams(r *http.Request) (url.Values, error) {
	v, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, errors.New("query: malformed")
	}
	if r.Method == http.MethodPost {
		if r.ParseForm() != nil {
			return nil, errors.New("form: malformed, or too large")
		}
		v = r.Form
	}
	return v, checkNames(v, []string{"id_token_hint", "post_logout_redirect_uri", "state", "client_id"})
}

func (s *Server) checkEndSession(v url.Values) error {
	if v.Has("client_id") && v.Get("client_id") != s.cfg.ClientID {
		return errors.New("client_id: unknown client")
	}
	if v.Has("state") {
		if err := opaque(v.Get("state"), maxState); err != nil {
			return errors.New("state: " + err.Error())
		}
	}
	if !v.Has("id_token_hint") {
		return nil
	}
	payload, err := s.verify(s.cfg.SigningAlg, v.Get("id_token_hint"))
	if err != nil {
		return errHint
	}
	// An expired one is accepted (§2): people log out late.
	var claims struct{ Iss, Aud string }
	if err := json.Unmarshal(payload, &claims); err != nil || claims.Iss != s.cfg.Issuer || claims.Aud != s.cfg.ClientID {
		return errors.New("id_token_hint: of another issuer or client")
	}
	return nil
}
