package proconnect

import (
	"net/url"
	"slices"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// loginURL is where to log in and come back to this request.
func (q *request) loginURL() string { return q.loginTo(q.target()) }

// loginTo is where to log in, as the gate asks for it, and go on to a target.
func (q *request) loginTo(target string) string {
	return q.gate.Path + "/login?return_to=" + url.QueryEscape(q.returnTo(target)) + q.loginOptions().query()
}

// returnTo makes a page of this site of where somebody wants to go on, or its first page:
// see origin.ReturnTarget. No gate's logout is one. A page of ours that goes on by itself
// would cause it as the site's own pages do, for whoever made the link to that page.
func (q *request) returnTo(s string) string {
	target := origin.ReturnTarget(s, q.gate.Path)
	u, err := url.Parse(target)
	if err != nil {
		return "/"
	}
	path, logout := strings.CutSuffix(u.Path, "/logout")
	if logout && slices.ContainsFunc(q.gate.client.app.gates, func(h *Handler) bool { return h.Path == path }) {
		return "/"
	}
	return target
}

func (q *request) logoutURL() string { return q.gate.Path + "/logout" }

// switchURL is where to log in as somebody else, or for another organisation,
// and come back to this request.
func (q *request) switchURL() string {
	return q.gate.Path + "/logout?then=login&return_to=" + url.QueryEscape(q.returnTo(q.target())) + q.switchOptions().query()
}

// redirectURI is where ProConnect sends the browser back to.
func (x *exchange) redirectURI() string {
	if y := x.gate.client.relay; y != nil {
		return y.origin.URL(y.routes.Gate.CallbackPath)
	}
	return x.origin.URL(x.gate.CallbackPath)
}
