package provider_test

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// earlyQUIC sends early data as a real client does: over HTTP/3, resuming a
// session, on a network that holds back the end of the handshake until the
// answer is there.
func (h *world) earlyQUIC(t *testing.T) {
	l := h.p.Clients["docs"]
	b := h.visitor(t, l)
	callback := h.atProvider(t, b, h.leave(t, b, "/wanted?a=b", ""))
	for _, target := range []string{callback, b.Base + "/.proconnect/logout", b.Base + "/.proconnect/login"} {
		before := l.Calls()["token"]
		if status := h.askEarly(t, b, target); status != http.StatusTooEarly {
			t.Errorf("%s in early data: %d, want 425", target, status)
		}
		if l.Calls()["token"] != before {
			t.Error("a token call was made")
		}
	}
	h.entered(t, b, h.comeBack(b, callback))
}

// askEarly makes a request in early data. On a machine that is busy, what the server
// may send before it knows who asks can be spent before the answer is there: then
// it is asked anew.
func (h *world) askEarly(t *testing.T, b *caddytest.Browser, target string) int {
	t.Helper()
	var err error
	for range 30 {
		tickets := tls.NewLRUClientSessionCache(1)
		var status int
		if status, err = h.overQUIC(t, b, tickets, time.Minute, http.MethodGet, b.Base+"/wanted"); err != nil || status != http.StatusUnauthorized {
			t.Fatalf("the connection to resume: %d, %v", status, err)
		}
		if status, err = h.overQUIC(t, b, tickets, 2*time.Second, http3.MethodGet0RTT, target); err == nil {
			return status
		}
	}
	t.Fatal(err)
	return 0
}

// overQUIC makes one request with the cookies of a browser, as a program: the
// answer must fit into what a server may send before it knows who asks.
func (h *world) overQUIC(t *testing.T, b *caddytest.Browser, tickets tls.ClientSessionCache, limit time.Duration, method, target string) (int, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	network := newLateFinish(t, u.Port(), method == http3.MethodGet0RTT)
	transport := &http3.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ClientSessionCache: tickets, ServerName: u.Hostname()},
		QUICConfig:      &quic.Config{Versions: []quic.Version{quic.Version1}},
		Dial: func(ctx context.Context, _ string, tlsConfig *tls.Config, config *quic.Config) (*quic.Conn, error) {
			return quic.DialAddrEarly(ctx, network.client.LocalAddr().String(), tlsConfig, config)
		},
	}
	t.Cleanup(func() { _ = transport.Close() })
	r, err := http.NewRequestWithContext(ctx, method, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range b.SiteCookies() {
		r.AddCookie(c)
	}
	defer network.release()
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return 0, err
	}
	network.release()
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode, nil
}

// lateFinish carries datagrams between a client and Caddy, and keeps those back
// that would end the handshake.
type lateFinish struct {
	client, server *net.UDPConn

	mu      sync.Mutex
	holding bool
	held    [][]byte
	from    *net.UDPAddr
}

func newLateFinish(t *testing.T, port string, holding bool) *lateFinish {
	t.Helper()
	client, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(caddytest.Loopback)})
	if err != nil {
		t.Fatal(err)
	}
	to, err := net.ResolveUDPAddr("udp", net.JoinHostPort(caddytest.Loopback, port))
	if err != nil {
		t.Fatal(err)
	}
	server, err := net.DialUDP("udp", nil, to)
	if err != nil {
		t.Fatal(err)
	}
	n := &lateFinish{client: client, server: server, holding: holding}
	var running sync.WaitGroup
	running.Go(n.toServer)
	running.Go(n.toClient)
	t.Cleanup(func() {
		_, _ = client.Close(), server.Close()
		running.Wait()
	})
	return n
}

func (n *lateFinish) toServer() {
	for {
		datagram := make([]byte, 2048)
		size, from, err := n.client.ReadFromUDP(datagram)
		if err != nil {
			return
		}
		n.mu.Lock()
		n.from = from
		if datagram = datagram[:size]; n.holding && endsHandshake(datagram) {
			n.held = append(n.held, datagram)
		} else {
			_, _ = n.server.Write(datagram)
		}
		n.mu.Unlock()
	}
}

func (n *lateFinish) toClient() {
	datagram := make([]byte, 2048)
	for {
		size, err := n.server.Read(datagram)
		if err != nil {
			return
		}
		n.mu.Lock()
		to := n.from
		n.mu.Unlock()
		_, _ = n.client.WriteToUDP(datagram[:size], to)
	}
}

// release lets everything through.
func (n *lateFinish) release() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.holding = false
	for _, datagram := range n.held {
		_, _ = n.server.Write(datagram)
	}
	n.held = nil
}

// endsHandshake says whether a datagram holds a Handshake or a 1-RTT packet
// (RFC 9000 §17.2): an Initial and the early data go before them.
func endsHandshake(d []byte) bool {
	for len(d) > 0 {
		if d[0]&0x80 == 0 || d[0]&0x30 == 0x20 {
			return true
		}
		rest := d[5:]                // flags, version
		rest = rest[1+int(rest[0]):] // destination connection ID
		rest = rest[1+int(rest[0]):] // source connection ID
		if d[0]&0x30 == 0 {          // an Initial has a token
			size, after := quicVarint(rest)
			rest = after[size:]
		}
		size, after := quicVarint(rest)
		d = after[size:]
	}
	return false
}

// quicVarint is RFC 9000 §16.
func quicVarint(b []byte) (value int, rest []byte) {
	size := 1 << (b[0] >> 6)
	var wide [8]byte
	copy(wide[8-size:], b[:size])
	wide[8-size] &= 0x3f
	return int(binary.BigEndian.Uint64(wide[:])), b[size:]
}
