package site_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A request that is let through may turn its connection into one of HTTP/2
// (RFC 7540 §3.2) with an upstream that speaks it. What is asked there passes by no
// gate: other paths, other people's identity headers.
func TestUpgradeToHTTP2(t *testing.T) {
	up := httptest.NewServer(upgradingToHTTP2(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/admin/secret.txt" {
			_, _ = io.WriteString(w, protected+" for "+r.Header.Get("X-ProConnect-Email"))
		}
	})))
	defer up.Close()
	s := caddytest.Start(t, caddytest.Sandbox, strings.ReplaceAll(`
http://docs.localhost:{$PORT} {
	proconnect /admin/* {
		allow any
		headers
	}
	reverse_proxy UPSTREAM
}
http://whole.localhost:{$PORT} {
	proconnect {
		allow any
		headers
	}
	reverse_proxy UPSTREAM
}`, "UPSTREAM", up.Listener.Addr().String()))
	b := s.Browser("http://whole.localhost:{$PORT}")
	b.Login("/x", url.Values{"person": {"ministry"}})
	if got := smuggle(s, "docs.localhost", ""); strings.Contains(got, protected) {
		t.Errorf("a stranger got %s", got)
	}
	if got := smuggle(s, "whole.localhost", b.Cookies()); strings.Contains(got, "forged@gouv.fr") {
		t.Errorf("somebody else passes for another: %s", got)
	}
}

// upgradingToHTTP2 is a site whose server, as Hypercorn does, takes Upgrade at its
// word.
func upgradingToHTTP2(site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "h2c" {
			site.ServeHTTP(w, r)
			return
		}
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
		server := &http.Server{Handler: site, Protocols: new(http.Protocols)}
		server.Protocols.SetUnencryptedHTTP2(true)
		l := oneConn{make(chan net.Conn, 1), conn.LocalAddr()}
		l.conns <- buffered{conn, rw.Reader}
		go func() { _ = server.Serve(l) }() // until the client hangs up
	})
}

// oneConn is a listener of the connections that are put into it.
type oneConn struct {
	conns chan net.Conn
	addr  net.Addr
}

func (l oneConn) Accept() (net.Conn, error) { return <-l.conns, nil }
func (l oneConn) Close() error              { return nil }
func (l oneConn) Addr() net.Addr            { return l.addr }

// buffered is a connection of which something was read ahead.
type buffered struct {
	net.Conn
	in *bufio.Reader
}

func (c buffered) Read(b []byte) (int, error) { return c.in.Read(b) }

// smuggle asks for /x, upgrades, and asks for /admin/secret.txt.
func smuggle(s *caddytest.Server, site, cookies string) string {
	s.T.Helper()
	conn, err := net.Dial("tcp", caddytest.Loopback+":"+s.Port)
	if err != nil {
		s.T.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	_, _ = io.WriteString(conn, "GET /x HTTP/1.1\r\nHost: "+site+":"+s.Port+"\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nCookie: "+cookies+"\r\n\r\n")
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		return ""
	}
	var head, body bytes.Buffer
	enc := hpack.NewEncoder(&head)
	for _, f := range []hpack.HeaderField{
		{Name: ":method", Value: "GET"},
		{Name: ":scheme", Value: "http"},
		{Name: ":authority", Value: site},
		{Name: ":path", Value: "/admin/secret.txt"},
		{Name: "x-proconnect-email", Value: "forged@gouv.fr"},
	} {
		_ = enc.WriteField(f)
	}
	_, _ = io.WriteString(conn, http2.ClientPreface)
	framer := http2.NewFramer(conn, in)
	_ = framer.WriteSettings()
	_ = framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 3, BlockFragment: head.Bytes(), EndStream: true, EndHeaders: true})
	for {
		f, err := framer.ReadFrame()
		if err != nil {
			return body.String()
		}
		if data, ok := f.(*http2.DataFrame); ok && data.StreamID == 3 {
			body.Write(data.Data())
			if data.StreamEnded() {
				return body.String()
			}
		}
	}
}
