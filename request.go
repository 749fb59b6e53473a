package proconnect

import (
	"crypto/rand"
	"net/http"
	"net/url"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"
)

// requestVar is where the request lies among the variables of a request.
const requestVar = "proconnect.request"

// request is one request's passage through all the gates on its way: what they
// and the matchers share. The first gate makes it. It lives among the request's
// variables, because the request itself may be replaced between two gates.
type request struct {
	gate    *Handler // the gate that spoke last: its client, its paths, its texts
	origin  origin.Origin
	cookies []string // as the browser sent them
	url     *url.URL // as the browser sent it
	uri     string   // where to come back to; empty: url

	session   session.Session
	requested upstream.Target // what a gate with a matcher saw
	decision  rules.Decision  // of the last gate, unless that lets pass whom another refused
	writer    upstream.PrivateWriter

	deleted   []string // prefixes of identity headers that the client cannot have sent any more
	prefixes  []string // of the identity headers that gates set
	reference string
	options   *loginOptions // of the login that is under way

	// Side by side, so that the whole fits into 760 bytes, which with a word of its own is a size that Go hands
	// out memory in.
	gated    bool   // the request had to pass a gate, of the same client
	lookup   lookup // of the session
	entered  bool   // a gate let the person pass
	wrapped  bool   // the response is kept out of shared caches
	matching bool   // a gate is finding out whether it gates the request
	examined bool   // a gate with a matcher looked at the target
	judged   bool   // some gate has decided
}

// lookup says whether the session was looked for, and where.
type lookup uint8

const (
	notLooked lookup = iota
	looked
	lookedUnread // there may be a session: nobody can tell before the storage is read
	rehearsing   // nobody sent the request: the person is one that was stated
)

// unread says whether nobody can tell yet if there is a session.
func (q *request) unread() bool { return q.lookup == lookedUnread }

// String is empty: what prints the request's variables learns nothing.
func (*request) String() string { return "" }

// requestOf returns what the gates share on a request, if one has run.
func requestOf(r *http.Request) *request {
	q, _ := caddyhttp.GetVar(r.Context(), requestVar).(*request)
	return q
}

// keeper keeps the sessions of the client whose gate spoke last.
func (q *request) keeper() *session.Keeper { return q.gate.client.keeper }

// examine looks at the target once a request, for the gates that have a matcher.
func (q *request) examine(r *http.Request) {
	if q.examined {
		return
	}
	q.examined = true
	if !fromTrustedProxy(r) {
		upstream.DropSteering(r.Header)
	}
	q.requested = upstream.TargetOf(r)
}

// originalPath is the decoded path that the browser asked for.
func originalPath(r *http.Request) string { return upstream.OriginalURL(r).Path }

// target is where to come back to after a login.
func (q *request) target() string {
	if q.uri == "" {
		q.uri = q.url.RequestURI()
	}
	return q.uri
}

// answerAt has a gate answer the request. What gates of another client before it found
// out is no business of its own.
func (q *request) answerAt(h *Handler) {
	if q.gated && q.gate.client != h.client {
		q.gated, q.session, q.lookup = false, session.Session{}, notLooked
		q.entered, q.judged, q.decision = false, false, rules.Decision{}
	}
	q.gate = h
}

// user is who may be named to what runs behind the gates: nobody, once a gate
// refused.
func (q *request) user() *claims.Set {
	if q.judged && q.decision.Outcome == rules.Allow && !q.session.IsZero() {
		return &q.session.Set
	}
	return nil
}

// candidate is the person whom a gate refused.
func (q *request) candidate() *claims.Set {
	if q.refused() {
		return &q.session.Set
	}
	return nil
}

// refused says whether a gate turned away somebody who is logged in.
func (q *request) refused() bool {
	return q.judged && q.decision.Outcome != rules.Allow && !q.session.IsZero()
}

// outcome is the decision in one word; empty if no gate has decided.
func (q *request) outcome() string {
	if !q.judged {
		return ""
	}
	return q.decision.Outcome.String()
}

// reason tells the decision in fixed words and names of fields.
func (q *request) reason() string {
	if !q.judged {
		return ""
	}
	if q.decision.Outcome == rules.Login && q.decision.Claim == "" && q.overdue() {
		return "session to be renewed"
	}
	return q.decision.Reason()
}

// ensureReference gives the request a reference, which is on the page and in the log.
func (q *request) ensureReference() string {
	if q.reference == "" {
		q.reference = rand.Text()[:10]
	}
	return q.reference
}

// overdue says whether the session opens nothing until ProConnect confirms it.
func (q *request) overdue() bool { return q.session.Renewal() == session.RenewalOverdue }
