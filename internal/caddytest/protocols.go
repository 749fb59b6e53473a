package caddytest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// Protocols are what a site speaks: an attack that one parser lets through must
// not work on another.
var Protocols = []string{"HTTP/1.1", "HTTP/2", "HTTP/3"}

// Speaking returns a browser with the same cookies that speaks one protocol
// only, over TLS.
func (s *Server) Speaking(t testing.TB, b *Browser, protocol string) *Browser {
	t.Helper()
	client := *b.Client
	client.Transport = proving{s.transport(b, protocol), protocol}
	return &Browser{Client: &client, T: t, Base: b.Base}
}

func (s *Server) transport(b *Browser, protocol string) http.RoundTripper {
	if protocol == "HTTP/3" {
		return s.quic(b)
	}
	transport := b.Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.NextProtos = nil
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetHTTP1(protocol == "HTTP/1.1")
	transport.Protocols.SetHTTP2(protocol == "HTTP/2")
	s.T.Cleanup(transport.CloseIdleConnections)
	return transport
}

// quic is Caddy's own HTTP/3 client.
func (s *Server) quic(b *Browser) http.RoundTripper {
	site, err := url.Parse(b.Base)
	if err != nil {
		s.T.Fatal(err)
	}
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	s.T.Cleanup(cancel)
	transport := &reverseproxy.HTTPTransport{
		Versions: []string{"3"},
		TLS:      &reverseproxy.TLSConfig{InsecureSkipVerify: true, ServerName: site.Hostname()},
	}
	if err := transport.Provision(ctx); err != nil {
		s.T.Fatal(err)
	}
	s.T.Cleanup(func() { _ = transport.Cleanup() })
	return onLoopback{transport}
}

// onLoopback sends every request to this machine, whatever its host's name.
type onLoopback struct{ *reverseproxy.HTTPTransport }

func (o onLoopback) RoundTrip(r *http.Request) (*http.Response, error) {
	out := r.Clone(context.WithValue(r.Context(), caddy.ReplacerCtxKey, caddy.NewReplacer()))
	if out.Host == "" {
		out.Host = out.URL.Host
	}
	out.URL.Host = net.JoinHostPort(Loopback, out.URL.Port())
	return o.HTTPTransport.RoundTrip(out)
}

// proving makes sure that the protocol is the one that the test speaks of.
type proving struct {
	http.RoundTripper
	protocol string
}

func (p proving) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := p.RoundTripper.RoundTrip(r)
	if err == nil && !strings.HasPrefix(resp.Proto, p.protocol) {
		return nil, fmt.Errorf("spoke %s, want %s", resp.Proto, p.protocol)
	}
	return resp, err
}
