package caddytest

import (
	"net/http"
	"time"
)

// Reload replaces the configuration under a browser.
func (s *Server) Reload(b *Browser, global, sites string) {
	s.T.Helper()
	b.RetryResets()
	s.Load(global, sites)
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
