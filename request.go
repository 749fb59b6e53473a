package proconnect

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"

	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"
)

// visitVar is where the visit lies among the variables of a request.
const visitVar = "proconnect.visit"

// visit is one request's passage through all the gates on its way: what they
// and the matchers share. The first gate makes it. It lives among the request's
// variables, because the request itself may be replaced between two gates.
type visit struct {
	gate    *Handler // the gate that spoke last: its link, its paths, its texts
	client  *Client  // the link of the gates that the request had to pass
	origin  origin.Origin
	cookies []string // as the browser sent them
	url     *url.URL // as the browser sent it
	uri     string   // where to come back to; empty: url

	session  session.Session
	opened   bool // the session was looked for
	entered  bool // a gate let the person pass
	wrapped  bool // the response is kept out of shared caches
	writer   upstream.PrivateWriter
	matching bool // a gate is finding out whether it gates the request

	examined  bool            // a gate with a matcher looked at the target
	requested upstream.Target // what it saw

	judged    bool           // some gate has decided
	decision  rules.Decision // of the last gate, unless that lets pass whom another refused
	deleted   []string       // prefixes of identity headers that the client cannot have sent any more
	prefixes  []string       // of the identity headers that gates set
	reference string
	options   *loginOptions // of the login that is under way
}

// String is empty: what prints the request's variables learns nothing.
func (*visit) String() string { return "" }

// visitOf returns the visit that a request is, if a gate has run.
func visitOf(r *http.Request) *visit {
	v, _ := caddyhttp.GetVar(r.Context(), visitVar).(*visit)
	return v
}

// visit returns the visit that a request is. The first gate begins it: it maps
// the placeholders and takes out of the request what the others must not see: our
// cookies, and whatever arrives after us.
func (h *Handler) visit(r *http.Request) *visit {
	if v := visitOf(r); v != nil {
		return v
	}
	v := &visit{gate: h, origin: h.originOf(r), cookies: r.Header["Cookie"], url: upstream.OriginalURL(r)}
	h.client.hideCookies(r.Header)
	upstream.DropUpgrade(r.Header)
	upstream.DropTrailers(r)
	caddyhttp.SetVar(r.Context(), visitVar, v)
	if repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		repl.Map(v.placeholder)
	}
	return v
}

// examine looks at the target once a request, for the gates that have a matcher.
func (v *visit) examine(r *http.Request) {
	if v.examined {
		return
	}
	v.examined = true
	if !fromTrustedProxy(r) {
		upstream.DropSteering(r.Header)
	}
	v.requested = upstream.TargetOf(r)
}

// originalPath is the decoded path that the browser asked for.
func originalPath(r *http.Request) string { return upstream.OriginalURL(r).Path }

// target is where to come back to after a login.
func (v *visit) target() string {
	if v.uri == "" {
		v.uri = v.url.RequestURI()
	}
	return v.uri
}

// open looks for the session, once.
func (v *visit) open(r *http.Request, c *Client) {
	if v.opened {
		return
	}
	v.opened = true
	if p := probeOf(r); p != nil && p.session != nil && p.gate.client == c {
		v.session = *p.session // the cookie is kept out of the probe, which may go astray
		return
	}
	c.keeper.Open(r.Context(), v.origin, v.cookies, &v.session)
}

// forgetSession has the visit begin anew, for another link.
func (v *visit) forgetSession() {
	v.client, v.session, v.opened = nil, session.Session{}, false
	v.entered, v.judged, v.decision = false, false, rules.Decision{}
}

// user is who may be named to what runs behind the gates: nobody, once a gate
// refused.
func (v *visit) user() *claims.Set {
	if v.judged && v.decision.Outcome == rules.Allow && !v.session.IsZero() {
		return &v.session.Set
	}
	return nil
}

// candidate is the person whom a gate refused.
func (v *visit) candidate() *claims.Set {
	if v.refused() {
		return &v.session.Set
	}
	return nil
}

// placeholder resolves the documented placeholders. One that has no value is
// empty: an unknown one would travel on literally.
func (v *visit) placeholder(key string) (any, bool) {
	if name, ok := strings.CutPrefix(key, "http.auth.user."); ok {
		return placeholderOf(v.user(), name), true
	}
	if name, ok := strings.CutPrefix(key, "http.auth.candidate."); ok {
		return placeholderOf(v.candidate(), name), true
	}
	name, ok := strings.CutPrefix(key, "http.proconnect.")
	if !ok {
		return nil, false
	}
	switch name {
	case "decision":
		return v.outcome(), true
	case "reason":
		return v.reason(), true
	case "reference":
		return v.reference, true
	case "login_url":
		return v.loginURL(), true
	case "logout_url":
		return v.logoutURL(), true
	}
	return "", true
}

// refused says whether a gate turned away somebody who is logged in.
func (v *visit) refused() bool {
	return v.judged && v.decision.Outcome != rules.Allow && !v.session.IsZero()
}

// outcome is the decision in one word; empty if no gate has decided.
func (v *visit) outcome() string {
	if !v.judged {
		return ""
	}
	return v.decision.Outcome.String()
}

// reason tells the decision in fixed words and names of fields.
func (v *visit) reason() string {
	if !v.judged {
		return ""
	}
	return v.decision.Reason()
}

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
