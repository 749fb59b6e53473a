package proconnect

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// Endpoints, by their names below the gate's path.
const (
	endpointLogin     = "login"
	endpointCallback  = "callback"
	endpointLogout    = "logout"
	endpointLoggedOut = "logged-out"
	endpointSession   = "session"
	endpointSandbox   = "sandbox/"
	endpointUnknown   = ""
)

// endpoint says whether a path is ours, and which endpoint it is. Everything
// below the gate's path is ours: it never reaches the site.
func (h *Handler) endpoint(path string) (name string, ours bool) {
	switch path {
	case h.CallbackPath:
		return endpointCallback, true
	case h.LoggedOutPath:
		return endpointLoggedOut, true
	}
	rest, ok := strings.CutPrefix(path, h.Path)
	if !ok || rest != "" && rest[0] != '/' {
		return "", false
	}
	switch name = strings.TrimPrefix(rest, "/"); name {
	case endpointLogin, endpointLogout, endpointSession:
		return name, true
	}
	if strings.HasPrefix(name, endpointSandbox) && h.client.sandbox != nil {
		return endpointSandbox, true
	}
	return endpointUnknown, true
}

// serveEndpoint answers an endpoint of ours.
func (h *Handler) serveEndpoint(w http.ResponseWriter, r *http.Request, v *visit, name string) error {
	if v.client != nil && v.client != h.client {
		v.forgetSession() // of a gate before, of another link
	}
	if answered, err := h.standsFast(w, r, v); answered {
		return err
	}
	if isEarly(r) && name != endpointSession {
		return h.problem(w, r, v, http.StatusTooEarly, pages.Problem{Code: pages.TooEarly, RetryURL: v.target()})
	}
	switch name {
	case endpointSandbox:
		http.StripPrefix(h.Path+"/sandbox", h.client.sandbox).ServeHTTP(w, originalRequest(r, v))
		return nil
	case endpointUnknown:
		return h.problem(w, r, v, http.StatusNotFound, pages.Problem{Code: pages.NotFound, HomeURL: "/"})
	case endpointLogout:
		return h.serveLogout(w, r, v)
	}
	if r.Method != http.MethodGet || loadsAhead(r) {
		w.Header().Set("Allow", http.MethodGet)
		return h.problem(w, r, v, http.StatusMethodNotAllowed, pages.Problem{Code: pages.MethodNotAllowed, HomeURL: "/"})
	}
	switch name {
	case endpointLogin:
		return h.serveLogin(w, r, v)
	case endpointCallback:
		return h.serveCallback(w, r, v)
	case endpointLoggedOut:
		return h.serveLoggedOut(w, r, v)
	}
	return h.serveSession(w, r, v)
}

// isEarly says whether a request was sent in TLS early data, to us or to a proxy in
// front that says so (RFC 8470 §5.1): it can be sent again by somebody else.
func isEarly(r *http.Request) bool {
	return r.TLS != nil && !r.TLS.HandshakeComplete || r.Header.Get("Early-Data") == "1"
}

// originalRequest is the request as the browser sent it: the simulated
// ProConnect keeps a cookie of its own.
func originalRequest(r *http.Request, v *visit) *http.Request {
	clone := r.Clone(r.Context())
	u := *v.url
	clone.URL = &u
	clone.Header["Cookie"] = v.cookies
	return clone
}

// serveSession tells the page's own script who is logged in.
func (h *Handler) serveSession(w http.ResponseWriter, r *http.Request, v *visit) error {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return h.problem(w, r, v, http.StatusForbidden, pages.Problem{Code: pages.BadRequest, HomeURL: "/"})
	}
	v.open(r, h.client)
	if v.session.IsZero() {
		return h.unauthorized(w, r, v, v.loginTo(v.pageAsking(r)))
	}
	body, err := json.Marshal(describe(&v.session, h.client.keeper.ExpiresAt(&v.session)))
	if err != nil {
		return caddyhttp.Error(http.StatusInternalServerError, errors.New("session cannot be described"))
	}
	w.Header().Set("Content-Type", "application/json")
	return send(w, r, http.StatusOK, append(body, '\n'))
}

// describe puts the session under ProConnect's own names; lists stay lists.
func describe(s *session.Session, expires time.Time) map[string]any {
	out := map[string]any{"expires_at": expires.UTC().Format(time.RFC3339)}
	for claim, values := range s.All() {
		if claim.IsList() || len(values) > 1 {
			out[claim.Name] = values
			continue
		}
		out[claim.Name] = values[0]
	}
	return out
}
