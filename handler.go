package proconnect

import (
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"
)

// ServeHTTP is a request's way through the gate: our endpoints are answered,
// what is gated is decided, and the rest goes on without our cookies and
// without forged identity headers.
//
// What decides has returned before the site runs, and left the stack to it. A chain
// of Caddy's handlers just fits into a stack of 16 kB. With a thousand bytes of ours
// below it, it is copied into one of twice the size, and so again after each garbage
// collection, which shrinks the stacks of the connections that wait.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	q := h.begin(r)
	switch to, err := h.enter(w, r, q); to {
	case ungated:
		return next.ServeHTTP(w, r)
	case passed:
		return q.serveNext(w, r, next)
	default:
		return err
	}
}

// way is what becomes of a request at a gate.
type way int

const (
	answered way = iota // the gate answered it, or failed; zero, so that what is forgotten serves nothing
	ungated             // it goes on to the site, which answers as if there were no gate
	passed              // it goes on to the site, whose response is kept private
)

// enter answers a request, or says how it goes on.
func (h *Handler) enter(w http.ResponseWriter, r *http.Request, q *request) (way, error) {
	q.deleteForged(r, h.Headers)
	if y := h.client.relay; y != nil && y.refusesWorker(q, r) {
		q.answerAt(h)
		return answered, q.answer(w, r).problem(faultForeignRequest, pages.Problem{})
	}
	if !h.match.Everything() {
		if q.examine(r); q.requested.Malformed { // before anything answers: what it asks for is anybody's guess
			q.answerAt(h)
			return answered, q.answer(w, r).problem(faultBadRequest, pages.Problem{HomeURL: "/"})
		}
	}
	if name, ours := h.endpointAt(q.url.Path); ours {
		if h.answerProbe(w, r, name) {
			return answered, nil
		}
		q.answerAt(h)
		return answered, q.answer(w, r).serveEndpoint(name)
	}
	q.matching = true
	gated, err := h.match.Matches(r, q.requested)
	q.matching = false
	if err != nil {
		return answered, err // fails closed
	}
	if !gated {
		return ungated, nil
	}
	return h.pass(w, r, q)
}

// pass lets a request through, or answers it.
func (h *Handler) pass(w http.ResponseWriter, r *http.Request, q *request) (way, error) {
	if q.gated && q.gate.client != h.client {
		return answered, q.answer(w, r).clientsMixed(h.client)
	}
	q.gate, q.gated = h, true
	if !h.checks(r, q) {
		return answered, q.answer(w, r).checksFailed()
	}
	if q.open(r); q.unread() {
		return answered, q.answer(w, r).sessionsUnread()
	}
	if !h.decide(r, q) {
		return q.answer(w, r).reject()
	}
	if q.session.Renewal() != session.NotDue {
		if sent, err := q.answer(w, r).renewOnTheWay(); sent {
			return answered, err
		}
	}
	q.entered = true
	if h.client.keeper.Enters(q.origin, q.cookies, &q.session) {
		q.answer(w, r).enters()
	}
	if h.tried != nil && !q.refused() && !q.session.IsZero() {
		h.try(w, r, q)
	}
	if q.session.SeenDue() {
		q.rememberSeen(w, r)
	}
	h.setHeaders(r, q)
	return passed, nil
}

// decide says whether the person may pass, and records why.
func (h *Handler) decide(r *http.Request, q *request) bool {
	d := rules.Decision{Outcome: rules.Login}
	if !q.session.IsZero() {
		d = h.judge(q)
	}
	if q.lookup == rehearsing {
		probeOf(r).rehearsal.note(h, q, d)
	}
	h.counts.decisions[d.Outcome].Add(1)
	if d.Outcome == rules.Allow && q.refused() {
		return true // an earlier gate's refusal holds, with its reason
	}
	q.judged, q.decision = true, d
	return d.Outcome == rules.Allow
}

// judge is what the gate's rules say of the person, in view of what ProConnect was
// asked for them so far.
func (h *Handler) judge(q *request) rules.Decision {
	d := h.rules.Decide(&q.session.Set).RequireACR(&q.session.Set, h.ACR)
	if d.Outcome == rules.StepUp && rules.SameLevels(d.ACR, q.session.RequestedACR) {
		d.Outcome = rules.Deny // ProConnect was asked just this, once
	}
	if name, missing := h.client.missing(&q.session.Set); missing && d.Outcome == rules.Allow {
		d = rules.Decision{Outcome: rules.Login, Claim: name}
	}
	if d.Outcome == rules.Allow && q.overdue() {
		d = rules.Decision{Outcome: rules.Login}
	}
	return d
}

// reject answers somebody who may not pass. Whoever is refused is named to nothing
// that runs behind this gate, whatever the gates before it said.
func (x *exchange) reject() (way, error) {
	for _, prefix := range x.prefixes {
		upstream.DeleteHeaders(x.r.Header, prefix)
	}
	if x.gate.Optional {
		return passed, nil
	}
	if probeOf(x.r) != nil {
		return answered, nil // of another gate, and astray: an answer might begin a probe of ours
	}
	switch x.decision.Outcome {
	case rules.StepUp:
		return answered, x.requireStepUp()
	case rules.Deny:
		return answered, x.refuse()
	}
	return answered, x.requireLogin()
}

// clientsMixed answers a request that gates of two clients match.
func (x *exchange) clientsMixed(with *Client) error {
	one, other := x.gate.client.name, with.name
	return x.problem(faultClientsMixed, pages.Problem{Detail: []string{"client " + one, "client " + other}},
		zap.String("one", one), zap.String("other", other), zap.String("path", originalPath(x.r)))
}

// checks says whether what must hold does, before anybody is asked who they are.
func (h *Handler) checks(r *http.Request, q *request) bool {
	return h.checkSandbox(r) && h.checkOrigin(q) && q.origin.Usable()
}

// checkSandbox says whether the simulated ProConnect, if it is that, may answer.
func (h *Handler) checkSandbox(r *http.Request) bool {
	return h.client.sandbox == nil || fromElsewhere(r) == ""
}

// checkOrigin says whether the gate knows where its site lives, and agrees with the
// other gates.
func (h *Handler) checkOrigin(q *request) bool {
	switch y := h.client.relay; {
	case h.origin != nil && *h.origin != q.origin:
		return false
	case y != nil:
		return y.serves(q.origin)
	}
	return h.origin != nil || h.exact
}

// checksFailed answers where something does not hold that must.
func (x *exchange) checksFailed() error {
	host := zap.String("host", x.r.Host)
	switch h := x.gate; {
	case !h.checkSandbox(x.r):
		return x.problem(faultSandboxGuard, pages.Problem{}, zap.String("because", fromElsewhere(x.r)), host, zap.String("remote", x.r.RemoteAddr))
	case h.client.relay != nil && !h.client.relay.serves(x.origin):
		return x.problem(faultOriginNotRelayed, pages.Problem{}, host)
	case h.client.relay == nil && h.origin == nil && !h.exact:
		return x.problem(faultOriginUnknown, pages.Problem{}, host)
	case !h.checkOrigin(x.request):
		return x.problem(faultOriginsDiffer, pages.Problem{}, host)
	}
	f := faultPlainHTTP
	f.remedy = plainHTTP(x.r)
	return x.problem(f, pages.Problem{}, forwardedFields(x.r)...)
}

// fromElsewhere says what tells that a request did not come from a program on this
// machine without anybody in between; empty if nothing does. A site on
// http://localhost:8080 answers the whole local network, and a proxy in front of it
// looks like a local program but for the headers and the version that it sends.
func fromElsewhere(r *http.Request) string {
	switch {
	case !origin.IsLoopback(origin.HostOf(r.Host)):
		return "its host is not localhost"
	case !origin.IsLoopback(origin.HostOf(r.RemoteAddr)):
		return "it came from another address"
	case !r.ProtoAtLeast(1, 1):
		return "it speaks HTTP/1.0, as a proxy does"
	}
	for _, name := range []string{"Forwarded", "Via", "X-Real-Ip", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"} {
		if _, ok := r.Header[name]; ok {
			return "it has the header " + name + ", which a proxy adds"
		}
	}
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Forwarded-") { // a log line for each would be a flood
			return "it has a header X-Forwarded-…, which a proxy adds"
		}
	}
	return ""
}
