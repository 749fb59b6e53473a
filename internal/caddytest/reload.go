package caddytest

import (
	"net"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// Reload replaces the configuration under a browser.
func (s *Server) Reload(b *Browser, global, sites string) {
	s.T.Helper()
	b.RetryResets()
	s.Load(global, sites)
	b.CloseIdleConnections()
}

// settle waits until nothing that was loaded before takes connections: Caddy returns when
// it has told its old servers to end.
func (s *Server) settle() {
	s.T.Helper()
	for _, port := range []string{s.Port, s.TLSPort} {
		for try := 0; caddy.ListenerUsage("tcp", net.JoinHostPort(Loopback, port)) > 1; try++ {
			if try > 20_000 {
				s.T.Fatalf("port %s: an old server goes on", port)
			}
			<-time.After(time.Millisecond)
		}
	}
}

// RetryResets has the browser try again where a connection is reset by a reload.
func (b *Browser) RetryResets() {
	if _, ok := b.Transport.(patient); !ok {
		b.Transport = patient{b.Transport}
	}
}

// patient tries again where a connection is reset, as browsers do: on a reload
// Caddy opens new sockets beside the old ones (SO_REUSEPORT), and Linux resets
// what waits in the queue of those that are closed, gate or no gate.
type patient struct{ http.RoundTripper }

// CloseIdleConnections closes those of the transport behind.
func (p patient) CloseIdleConnections() {
	p.RoundTripper.(*http.Transport).CloseIdleConnections()
}

func (p patient) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	for try := range 20 {
		if resp, err = p.RoundTripper.RoundTrip(r); err == nil || r.Context().Err() != nil {
			return resp, err
		}
		<-time.After(time.Duration(try) * time.Millisecond) // the next socket may be on its way out, too
		if r.GetBody == nil {
			continue
		}
		body, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = body
	}
	return resp, err
}
