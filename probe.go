package proconnect

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// probe asks whether a request to a gate's callback comes back to a gate of the
// same client: inside `handle /x/*`, say, it may not.
type probe struct {
	gate    *Handler
	origin  origin.Origin
	path    string
	session *session.Session // of the person who will come back; nil: nobody's
	came    bool

	rehearsal *rehearsal // it is no probe of a gate's: somebody asks what would become of a request
}

type probeKey struct{}

// answerProbe says whether r is a probe, and tells it that it came back.
func (h *Handler) answerProbe(w http.ResponseWriter, r *http.Request, endpoint string) bool {
	p := probeOf(r)
	if p == nil {
		return false
	}
	if p.rehearsal != nil {
		p.rehearsal.endpoint = true // or an address below `path` that is none
		return true
	}
	caddyhttp.SetVar(r.Context(), caddyhttp.LogSkipVar, true)
	p.came = endpoint == "callback" && h.client == p.gate.client && h.CallbackPath == p.path &&
		h.originOf(r) == p.origin // what one address has sealed, another cannot open
	answerAsPages(w)
	return true
}

// probeOf returns the probe that a request is, if it is one. Nobody reads the answer:
// where two gates keep each other's callback, each would ask for the other's for ever.
func probeOf(r *http.Request) *probe {
	p, _ := r.Context().Value(probeKey{}).(*probe)
	return p
}

// callbackComesBack sends the gate its own callback through the server, once
// per host, before anybody is offered a login: whoever could not come back
// would end on an error page of the site, logged in and without a next step.
func (h *Handler) callbackComesBack(r *http.Request, p origin.Origin) bool {
	if h.probes.cameBack(p.Host) {
		return true
	}
	headers := headersDigest(r)
	if h.probes.missedLately(p.Host, headers) {
		return false
	}
	server, ok := r.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if !ok {
		return true // not inside a server: nothing to ask
	}
	came := slices.ContainsFunc(h.probes.most, func(most time.Duration) bool { return h.probe(server, r, p, most) })
	h.probes.remember(p.Host, headers, came)
	if !came {
		h.reportOnce(faultCallbackLost, zap.String("callback", p.URL(h.callbackPath(p))))
	}
	return came
}

// probe sends the gate its own callback once. It looks as the browser's own will to
// whatever is before the gate: basic_auth, a matcher of a header or an address,
// a client's certificate. It outlives the request that it was made for: somebody who
// hangs up must not have the callback believed lost.
func (h *Handler) probe(server *caddyhttp.Server, r *http.Request, p origin.Origin, most time.Duration) (came bool) {
	ask := &probe{gate: h, origin: p, path: h.callbackPath(p)}
	if q := requestOf(r); q != nil && q.gate.client == h.client && !q.session.IsZero() {
		ask.session = &q.session
	}
	ctx, cancel := context.WithTimeout(context.WithValue(context.WithoutCancel(r.Context()), probeKey{}, ask), most)
	defer cancel()
	answer, _ := serveUnread(server, (&http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: ask.path}, RequestURI: ask.path,
		Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
		Header: probeHeaders(r.Header), Body: http.NoBody, Host: r.Host, RemoteAddr: r.RemoteAddr, TLS: r.TLS,
	}).WithContext(ctx))
	if changed := changedHeaders(answer.sent); ask.came && len(changed) > 0 {
		h.reportOnce(faultHeadersChanged, zap.Strings("headers", changed))
	}
	return ask.came
}

// serveUnread has a server answer a request that nobody sent. It outlives a site that hangs
// up on what it does not know, which is a panic to net/http.
func serveUnread(server *caddyhttp.Server, r *http.Request) (w *discardWriter, aborted bool) {
	w = &discardWriter{header: make(http.Header)}
	defer func() {
		p := recover()
		if p != nil && p != http.ErrAbortHandler {
			panic(p)
		}
		aborted = p != nil
	}()
	server.ServeHTTP(w, r)
	return w, false
}

// probeHeaders are the request's, but for those of its body, of its connection and
// of what a browser has in its cache. Our cookies are gone from it: a probe that goes
// astray takes none along.
func probeHeaders(from http.Header) http.Header {
	to := from.Clone()
	for _, name := range []string{
		"Connection", "Content-Encoding", "Content-Length", "Content-Type", "Expect", "If-Match", "If-Modified-Since", "If-None-Match",
		"If-Range", "If-Unmodified-Since", "Keep-Alive", "Range", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
	} {
		delete(to, name)
	}
	return to
}

// discardWriter is a response that nobody reads.
type discardWriter struct {
	header, sent http.Header // as it is, and as it was when the response began
	status       int         // 0: it has not begun
}

func (w *discardWriter) Header() http.Header         { return w.header }
func (w *discardWriter) Write(b []byte) (int, error) { return len(b), nil }
func (w *discardWriter) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK { // before are the headers of early hints
		w.status, w.sent = status, w.header.Clone()
	}
}
