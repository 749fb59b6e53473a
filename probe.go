package proconnect

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
)

// probe asks whether a request to a gate's callback comes back to a gate of the
// same link: inside `handle /x/*`, say, it may not.
type probe struct {
	gate  *Handler
	place place
	came  bool
}

type probeKey struct{}

// probeAgain is how long a callback that did not come back is believed lost.
const probeAgain = 5 * time.Second

// answerProbe says whether r is a probe, and tells it that it came back.
func (h *Handler) answerProbe(r *http.Request, endpoint string) bool {
	p, ok := r.Context().Value(probeKey{}).(*probe)
	if !ok {
		return false
	}
	caddyhttp.SetVar(r.Context(), caddyhttp.LogSkipVar, true)
	p.came = endpoint == endpointCallback && h.client == p.gate.client && h.CallbackPath == p.gate.CallbackPath &&
		h.place(r) == p.place // what one address has sealed, another cannot open
	return true
}

// callbackComesBack sends the gate its own callback through the server, once
// per host, before anybody is offered a login: whoever could not come back
// would end on an error page of the site, logged in and without a next step.
func (h *Handler) callbackComesBack(r *http.Request, p place) bool {
	if result, known := h.probes.Load(p.host); known {
		if missed := result.(time.Time); missed.IsZero() || time.Since(missed) < probeAgain {
			return missed.IsZero()
		}
	}
	server, ok := r.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if !ok {
		return true // not inside a server: nothing to ask
	}
	ask := &probe{gate: h, place: p}
	// Nothing of this request may reach the probe but where it was sent.
	ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), probeKey{}, ask), probeTime)
	defer cancel()
	request := (&http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: h.CallbackPath}, RequestURI: h.CallbackPath,
		Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
		Header: forwardedHeaders(r.Header), Body: http.NoBody, Host: r.Host, RemoteAddr: r.RemoteAddr, TLS: r.TLS,
	}).WithContext(ctx)
	serveProbe(server, request)
	if !ask.came {
		h.probes.Store(p.host, time.Now())
		h.complain("the callback does not come back to this gate, so nobody is sent to ProConnect: inside `handle /x/*` set `path /x/.proconnect` and register that redirect URI, or put the gate outside of it",
			zap.String("callback", p.url(h.CallbackPath)))
		return false
	}
	h.probes.Store(p.host, time.Time{})
	return true
}

// probeTime bounds a probe that went astray, to an upstream that does not answer, say.
const probeTime = 5 * time.Second

// serveProbe outlives a site that hangs up on what it does not know, which is a
// panic to net/http.
func serveProbe(server *caddyhttp.Server, r *http.Request) {
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler {
			panic(p)
		}
	}()
	server.ServeHTTP(&discardWriter{header: make(http.Header)}, r)
}

// forwardedHeaders keeps what tells a trusted proxy's request from another.
func forwardedHeaders(from http.Header) http.Header {
	to := make(http.Header)
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"} {
		if values, ok := from[name]; ok {
			to[name] = values
		}
	}
	return to
}

// discardWriter is a response that nobody reads.
type discardWriter struct{ header http.Header }

func (w *discardWriter) Header() http.Header         { return w.header }
func (w *discardWriter) Write(b []byte) (int, error) { return len(b), nil }
func (w *discardWriter) WriteHeader(int)             {}
