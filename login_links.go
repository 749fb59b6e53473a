package proconnect

import (
	"net/url"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// loginURL is where to log in and come back to this request.
func (q *request) loginURL() string { return q.loginTo(q.target()) }

// loginTo is where to log in, as the gate asks for it, and go on to a target.
func (q *request) loginTo(target string) string {
	return q.gate.Path + "/login?return_to=" + url.QueryEscape(origin.ReturnTarget(target, q.gate.Path)) + q.loginOptions().query()
}

func (q *request) logoutURL() string { return q.gate.Path + "/logout" }

// switchURL is where to log in as somebody else, or for another organisation,
// and come back to this request.
func (q *request) switchURL() string {
	return q.gate.Path + "/logout?then=login&return_to=" + url.QueryEscape(origin.ReturnTarget(q.target(), q.gate.Path)) + q.switchOptions().query()
}

// redirectURI is where ProConnect sends the browser back to.
func (x *exchange) redirectURI() string {
	if y := x.gate.client.relay; y != nil {
		return y.origin.URL(y.routes.Gate.CallbackPath)
	}
	return x.origin.URL(x.gate.CallbackPath)
}
