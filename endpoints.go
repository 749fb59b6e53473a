package proconnect

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// endpoint is an address of ours.
type endpoint struct {
	methods []string // empty: whatever it serves looks itself
	early   bool     // may be answered in TLS early data, since it changes nothing
	fixed   bool     // has no address but this
	static  bool     // is the same for everybody, at whatever address the site is reached
	serve   func(*exchange) error
}

// get are the methods of an endpoint that a browser is sent to.
var get = []string{http.MethodGet}

// endpoints are what is under the gate's path, by name. The callback and the
// logged-out page may have addresses of their own.
var endpoints = map[string]endpoint{
	"login":      {methods: get, fixed: true, serve: (*exchange).serveLogin},
	"callback":   {methods: get, serve: (*exchange).serveCallback},
	"logout":     {methods: []string{http.MethodGet, http.MethodPost}, fixed: true, serve: (*exchange).serveLogout},
	"logged-out": {methods: get, serve: (*exchange).serveLoggedOut},
	"session":    {methods: get, early: true, fixed: true, serve: (*exchange).serveSession},
	"sandbox":    {serve: (*exchange).serveSandbox},
	"assets":     {early: true, static: true, serve: (*exchange).serveFile},
	"":           {serve: (*exchange).serveNotFound},
}

// endpointAt returns the endpoint of a path, if the path is ours. Everything under the
// gate's path is: it never reaches the site.
func (h *Handler) endpointAt(path string) (name string, ours bool) {
	switch path {
	case h.CallbackPath:
		return "callback", true
	case h.LoggedOutPath:
		return "logged-out", true
	}
	rest, ok := strings.CutPrefix(path, h.Path)
	if !ok || rest != "" && rest[0] != '/' {
		return "", false
	}
	if name = strings.TrimPrefix(rest, "/"); endpoints[name].fixed {
		return name, true
	}
	if strings.HasPrefix(name, "sandbox/") && h.client.sandbox != nil {
		return "sandbox", true
	}
	if fileAt(h, rest) != nil {
		return "assets", true
	}
	return "", true
}

// serveEndpoint answers an endpoint of ours.
func (x *exchange) serveEndpoint(name string) error {
	e := endpoints[name]
	if !e.static && !x.gate.checks(x.r, x.request) {
		if name == "callback" {
			x.login = loginPending
		}
		return x.checksFailed()
	}
	if isEarly(x.r) && !e.early {
		return x.problem(faultTooEarly, pages.Problem{RetryURL: x.target()})
	}
	if e.methods != nil && (!slices.Contains(e.methods, x.r.Method) || loadsAhead(x.r)) {
		x.w.Header().Set("Allow", strings.Join(e.methods, ", "))
		return x.problem(faultMethod, pages.Problem{HomeURL: "/"})
	}
	return e.serve(x)
}

// serveSandbox has the simulated ProConnect answer.
func (x *exchange) serveSandbox() error {
	http.StripPrefix(x.gate.Path+"/sandbox", x.gate.client.sandbox).ServeHTTP(x.w, originalRequest(x.r, x.request))
	return nil
}

func (x *exchange) serveNotFound() error {
	return x.problem(faultNotFound, pages.Problem{HomeURL: "/"})
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
		return x.problem(faultForeignRequest, pages.Problem{HomeURL: "/"})
	}
	if x.open(x.r); x.unread() {
		return x.sessionsUnread()
	}
	if x.session.IsZero() || x.overdue() {
		return x.unauthorized(x.loginTo(x.pageAsking(x.r)))
	}
	body, err := json.Marshal(describe(&x.session, x.keeper().ExpiresAt(&x.session)))
	if err != nil {
		return caddyhttp.Error(http.StatusInternalServerError, errors.New("session cannot be described"))
	}
	x.w.Header().Set("Content-Type", "application/json")
	return send(x.w, x.r, http.StatusOK, append(body, '\n'))
}

// sessionExpires is the field of the session document that is no claim.
const sessionExpires = "expires_at"

// describe puts the session under ProConnect's own names; lists stay lists.
func describe(s *session.Session, expires time.Time) map[string]any {
	out := map[string]any{sessionExpires: expires.UTC().Format(time.RFC3339)}
	for claim, values := range s.All() {
		if claim.IsList() || len(values) > 1 {
			out[claim.Name] = values
			continue
		}
		out[claim.Name] = values[0]
	}
	for claim := range s.Unreadable() {
		out[claim.Name] = nil // as `caddy proconnect explain` takes it: to the rules it is not absent
	}
	return out
}
