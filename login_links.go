package proconnect

import (
	"net/url"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// loginURL is where to log in and come back to this request.
func (v *visit) loginURL() string { return v.loginTo(v.target()) }

// loginTo is where to log in, as the gate asks for it, and go on to a target.
func (v *visit) loginTo(target string) string {
	return v.gate.Path + "/login?return_to=" + url.QueryEscape(origin.ReturnTarget(target, v.gate.Path)) + v.loginOptions().query()
}

func (v *visit) logoutURL() string { return v.gate.Path + "/logout" }

// switchURL is where to log in as somebody else, or for another organisation,
// and come back to this request.
func (v *visit) switchURL() string {
	return v.gate.Path + "/logout?then=login&return_to=" + url.QueryEscape(origin.ReturnTarget(v.target(), v.gate.Path)) + v.switchOptions().query()
}
