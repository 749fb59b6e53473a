package proconnect

import (
	"crypto/rand"
	"net/http"
	"net/url"

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
	gate    *Handler // the gate that spoke last: its client, its paths, its texts
	client  *Client  // the client of the gates that the request had to pass
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

// forgetSession has the visit begin anew, for another client.
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

// ensureReference gives the request a reference, which stands on the page and in the log.
func (v *visit) ensureReference() string {
	if v.reference == "" {
		v.reference = rand.Text()[:10]
	}
	return v.reference
}
