package rp

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
)

// memory is a network without sockets, for the bubbles of synctest: there time passes
// when everybody waits, and nobody is late because the machine is busy.
type memory struct {
	conns chan net.Conn
	ended chan struct{}
	end   func()
}

func newMemory() *memory {
	ended := make(chan struct{})
	return &memory{make(chan net.Conn), ended, sync.OnceFunc(func() { close(ended) })}
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case conn := <-m.conns:
		return conn, nil
	case <-m.ended:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error {
	m.end()
	return nil
}

// Addr is one that an issuer may have without TLS.
func (m *memory) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (m *memory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case m.conns <- there:
		return here, nil
	case <-m.ended:
		return nil, syscall.ECONNREFUSED
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// newFakeInMemory is a provider for a bubble, over a network that is there.
func newFakeInMemory(t testing.TB, alg, userinfoAlg string) *fake {
	t.Helper()
	m := newMemory()
	f := new(fake)
	f.Server = &httptest.Server{Listener: m, Config: &http.Server{Handler: http.HandlerFunc(f.serve)}}
	f.Start()
	transport := NewTransport(nil).(*http.Transport)
	transport.DialContext = m.dial
	f.cfg.Transport = transport
	f.prepare(t, alg, userinfoAlg)
	return f
}

// answeredBy runs the test of one answer: in a bubble if it never comes, else over sockets.
func answeredBy(t *testing.T, answer, alg, userinfoAlg string, test func(*testing.T, *fake)) {
	t.Helper()
	if strings.HasPrefix(answer, "hang") {
		inBubble(t, alg, userinfoAlg, test)
		return
	}
	t.Parallel()
	test(t, newFake(t, alg, userinfoAlg))
}

// inBubble runs a test by a clock that stands still while anybody works: what is bounded
// in time ends by that bound, and never because the machine is busy.
func inBubble(t *testing.T, alg, userinfoAlg string, test func(*testing.T, *fake)) {
	t.Helper()
	signingKeys() // which other tests may be waiting for, outside
	synctest.Test(t, func(t *testing.T) { test(t, newFakeInMemory(t, alg, userinfoAlg)) })
}
