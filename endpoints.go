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
func (x *exchange) serveEndpoint(name string) error {
	if !x.gate.sound(x.r, x.request) {
		return x.unsound()
	}
	if isEarly(x.r) && name != endpointSession {
		return x.problem(http.StatusTooEarly, pages.Problem{Code: pages.TooEarly, RetryURL: x.target()})
	}
	switch name {
	case endpointSandbox:
		http.StripPrefix(x.gate.Path+"/sandbox", x.gate.client.sandbox).ServeHTTP(x.w, originalRequest(x.r, x.request))
		return nil
	case endpointUnknown:
		return x.problem(http.StatusNotFound, pages.Problem{Code: pages.NotFound, HomeURL: "/"})
	case endpointLogout:
		return x.serveLogout()
	}
	if x.r.Method != http.MethodGet || loadsAhead(x.r) {
		x.w.Header().Set("Allow", http.MethodGet)
		return x.problem(http.StatusMethodNotAllowed, pages.Problem{Code: pages.MethodNotAllowed, HomeURL: "/"})
	}
	switch name {
	case endpointLogin:
		return x.serveLogin()
	case endpointCallback:
		return x.serveCallback()
	case endpointLoggedOut:
		return x.serveLoggedOut()
	}
	return x.serveSession()
}

// isEarly says whether a request was sent in TLS early data, to us or to a proxy in
// front that says so (RFC 8470 §5.1): it can be sent again by somebody else.
func isEarly(r *http.Request) bool {
	return r.TLS != nil && !r.TLS.HandshakeComplete || r.Header.Get("Early-Data") == "1"
}

// originalRequest is the request as the browser sent it: the simulated
// ProConnect keeps a cookie of its own.
func originalRequest(r *http.Request, q *request) *http.Request {
	clone := r.Clone(r.Context())
	u := *q.url
	clone.URL = &u
	clone.Header["Cookie"] = q.cookies
	return clone
}

// serveSession tells the page's own script who is logged in.
func (x *exchange) serveSession() error {
	if site := x.r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return x.problem(http.StatusForbidden, pages.Problem{Code: pages.BadRequest, HomeURL: "/"})
	}
	x.open(x.r)
	if x.session.IsZero() {
		return x.unauthorized(x.loginTo(x.pageAsking(x.r)))
	}
	body, err := json.Marshal(describe(&x.session, x.gate.client.keeper.ExpiresAt(&x.session)))
	if err != nil {
		return caddyhttp.Error(http.StatusInternalServerError, errors.New("session cannot be described"))
	}
	x.w.Header().Set("Content-Type", "application/json")
	return send(x.w, x.r, http.StatusOK, append(body, '\n'))
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
