package proconnect

import (
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"

	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"
)

// Decisions in one word: what {http.proconnect.decision} says.
const (
	wordAllow  = "allow"
	wordDeny   = "deny"
	wordStepUp = "step_up"
	wordLogin  = "login" // nobody is logged in, or the login did not ask for enough
)

// ServeHTTP is a request's way through the gate: our endpoints are answered,
// what is gated is decided, and the rest goes on without our cookies and
// without forged identity headers.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	v := h.visit(r)
	v.deleteForged(r, h.Headers)
	if !h.match.Everything() {
		if v.examine(r); v.requested.Malformed { // before anything answers: what it asks for is anybody's guess
			v.gate = h
			return h.problem(w, r, v, http.StatusBadRequest, pages.Problem{Code: pages.BadRequest, HomeURL: "/"})
		}
	}
	if name, ours := h.endpoint(originalPath(r)); ours {
		if h.answerProbe(r, name) {
			return nil
		}
		v.gate = h
		return h.serveEndpoint(w, r, v, name)
	}
	v.matching = true
	gated, err := h.match.Matches(r, v.requested)
	v.matching = false
	if err != nil {
		return err // fails closed
	}
	if !gated {
		return next.ServeHTTP(w, r)
	}
	return h.pass(w, r, v, next)
}

// pass lets a request through, or answers it.
func (h *Handler) pass(w http.ResponseWriter, r *http.Request, v *visit, next caddyhttp.Handler) error {
	v.gate = h
	if v.client != nil && v.client != h.client {
		h.complain("two links to ProConnect gate one request: give the gates of a path the same `client`",
			zap.String("one", v.client.name), zap.String("other", h.client.name), zap.String("path", originalPath(r)))
		return h.problem(w, r, v, http.StatusInternalServerError, pages.Problem{
			Code: pages.ClientsMixed, Detail: []string{"client " + v.client.name, "client " + h.client.name},
		})
	}
	v.client = h.client
	if answered, err := h.standsFast(w, r, v); answered {
		return err
	}
	v.open(r, h.client)
	if h.decide(v) {
		v.admitted = true
		h.setHeaders(r, v)
		return v.goOn(w, r, next)
	}
	return h.turnAway(w, r, v, next)
}

// decide says whether the person may pass, and records why.
func (h *Handler) decide(v *visit) bool {
	if v.session.IsZero() {
		v.word = wordLogin
		return false
	}
	d := h.rules.Decide(&v.session.Set).RequireACR(&v.session.Set, h.ACR)
	if d.Outcome == rules.StepUp && rules.SameLevels(d.ACR, v.session.RequestedACR) {
		d.Outcome = rules.Deny // ProConnect was asked just this, once
	}
	if name, missing := h.client.missing(&v.session.Set); missing && d.Outcome == rules.Allow {
		d = rules.Decision{Outcome: rules.Login, Claim: name}
	}
	if d.Outcome == rules.Allow && v.refused {
		return true // an earlier gate's refusal stands, with its reason
	}
	v.decision = d
	switch d.Outcome {
	case rules.Allow:
		v.word = wordAllow
		return true
	case rules.StepUp:
		v.word = wordStepUp
	case rules.Login:
		v.word = wordLogin
	default:
		v.word = wordDeny
	}
	return false
}

// turnAway answers somebody who may not pass. Whoever is refused is named to
// nothing that runs behind this gate, whatever the gates before it said.
func (h *Handler) turnAway(w http.ResponseWriter, r *http.Request, v *visit, next caddyhttp.Handler) error {
	v.refused = !v.session.IsZero()
	for _, prefix := range v.prefixes {
		upstream.DeleteHeaders(r.Header, prefix)
	}
	if h.Optional {
		return v.goOn(w, r, next)
	}
	if probeOf(r) != nil {
		return nil // of another gate, and astray: an answer might begin a probe of ours
	}
	switch v.word {
	case wordStepUp:
		return h.askStepUp(w, r, v)
	case wordDeny:
		return h.refuse(w, r, v)
	}
	return h.askLogin(w, r, v)
}

// standsFast checks what must hold before anybody is asked who they are.
func (h *Handler) standsFast(w http.ResponseWriter, r *http.Request, v *visit) (answered bool, err error) {
	switch {
	case h.client.sandbox != nil && fromElsewhere(r) != "":
		h.complain("SANDBOX: a request that did not come straight from this machine was refused: "+fromElsewhere(r),
			zap.String("host", r.Host), zap.String("remote", r.RemoteAddr))
		return true, h.problem(w, r, v, http.StatusServiceUnavailable, pages.Problem{Code: pages.SandboxGuard})
	case h.origin == nil && !h.exact:
		h.complain("the site answers any host: set `origin` to its public address", zap.String("host", r.Host))
		return true, h.problem(w, r, v, http.StatusInternalServerError, pages.Problem{Code: pages.OriginRequired})
	case h.origin != nil && *h.origin != v.origin:
		h.complain("the gates of this site do not agree on its address: give all of them the same `origin`", zap.String("host", r.Host))
		return true, h.problem(w, r, v, http.StatusInternalServerError, pages.Problem{Code: pages.OriginRequired})
	case !v.origin.Usable():
		h.complain("the site is reached over plain http, which cannot keep a session: "+plainHTTP(r), forwardedFields(r)...)
		return true, h.problem(w, r, v, http.StatusInternalServerError, pages.Problem{Code: pages.InsecureOrigin})
	}
	return false, nil
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
