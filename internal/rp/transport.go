package rp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

// NewTransport returns a transport for calls to a provider: it honours
// HTTPS_PROXY, speaks TLS 1.2 or later, gives up on what is slow or oversized,
// and never sends a request twice. roots are the authorities trusted; nil means
// the system's.
func NewTransport(roots *x509.CertPool) http.RoundTripper {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  callTimeout,
		MaxResponseHeaderBytes: 64 << 10,
		// A compressed answer could unfold into anything.
		DisableCompression: true,
		// net/http repeats requests when a connection taken from the pool, or an
		// HTTP/2 stream, dies under them; a code that is sent twice revokes the
		// tokens (RFC 6749 section 4.1.2). On a connection of its own a request
		// is never repeated, and a login is rare enough to pay for it.
		DisableKeepAlives: true,
		Protocols:         protocols,
	}
}

// followNothing keeps codes, tokens and secrets from being sent where an answer
// points.
func followNothing(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// answer is an HTTP response that was read in full.
type answer struct {
	status    int
	mediaType string // lower case, without parameters; empty if malformed
	body      []byte
	at        moment
}

// call makes one request and reads its answer, of at most limit bytes. The
// request's context bounds both.
func (p *Provider) call(req *http.Request, stage Stage, limit int64) (*answer, error) {
	began := time.Now()
	a, err := p.do(req, stage, limit)
	fails := outage(err) || err == nil && gatewayFault(a.status)
	if p.cfg.Observe != nil {
		p.cfg.Observe(stage, time.Since(began), err == nil && !fails)
	}
	switch {
	case stage == StageDiscovery: // which says so itself
	case fails:
		p.discovery.doubt(p)
	case err == nil:
		p.discovery.noteAnswer(p.cfg.Now())
	}
	return a, err
}

// outage says whether an error is what a server that is down looks like, rather
// than one that answers something else than it should.
func outage(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	switch e.Reason {
	case ReasonTimeout, ReasonDNS, ReasonConnect, ReasonProxy, ReasonTLS, ReasonNetwork:
		return true
	}
	return gatewayFault(e.Status)
}

// gatewayFault says whether the server in front found none behind it.
func gatewayFault(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

func (p *Provider) do(req *http.Request, stage Stage, limit int64) (*answer, error) {
	req.Header.Set("User-Agent", "caddy-proconnect")
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, callError(stage, err)
	}
	defer resp.Body.Close()
	if resp.ContentLength > limit {
		return nil, fail(stage, Unavailable, ReasonTooLarge)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, callError(stage, err)
	}
	if int64(len(body)) > limit {
		return nil, fail(stage, Unavailable, ReasonTooLarge)
	}
	return &answer{resp.StatusCode, mediaType(resp.Header), body, momentOf(resp.Header, p.cfg.Now())}, nil
}

// mediaType reads Content-Type: RFC 9110 section 8.3.1 has it case-insensitive
// and followed by parameters that do not matter here.
func mediaType(h http.Header) string {
	values := h.Values("Content-Type")
	if len(values) != 1 {
		return ""
	}
	mt, _, err := mime.ParseMediaType(values[0])
	if err != nil {
		return ""
	}
	return mt
}

// succeeded refuses every status but 200: a 201 or 204 is no answer to any
// question asked here.
func (a *answer) succeeded(stage Stage) error {
	if a.status == http.StatusOK {
		return nil
	}
	e := fail(stage, Unavailable, ReasonStatus)
	e.Status = a.status
	if a.status >= 300 && a.status < 400 {
		e.Reason = ReasonRedirect
	}
	return e
}

// fetch gets a public document, on a context of its own: whoever asked for it
// first may leave before the others that wait for it.
func (p *Provider) fetch(url string, stage Stage) (*answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fail(stage, Misconfigured, ReasonIssuerURL)
	}
	req.Header.Set("Accept", "application/json")
	return p.call(req, stage, maxDocument)
}

// callError turns an error of net/http, which may quote what the other side
// sent, into fixed words.
func callError(stage Stage, err error) error {
	e := fail(stage, Unavailable, ReasonNetwork)
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		e.Err = errno
	}
	op, isOp := errors.AsType[*net.OpError](err)
	_, isDNS := errors.AsType[*net.DNSError](err)
	netErr, isNet := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, context.Canceled):
		e.Reason, e.Err = ReasonCanceled, context.Canceled
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), isNet && netErr.Timeout():
		e.Reason, e.Err = ReasonTimeout, context.DeadlineExceeded
	case isDNS:
		e.Reason = ReasonDNS
	case isTLS(err):
		e.Reason = ReasonTLS
	case isOp && op.Op == "proxyconnect":
		e.Reason = ReasonProxy
	case isOp && op.Op == "dial":
		e.Reason = ReasonConnect
	}
	return e
}

func isTLS(err error) bool {
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	return certificate || alert || record
}
