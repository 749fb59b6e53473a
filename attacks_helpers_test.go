package proconnect_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// protocols are what a site speaks: an attack that one parser lets through must
// not work on another.
var protocols = []string{"HTTP/1.1", "HTTP/2", "HTTP/3"}

// run starts Caddy for a server whose files are in place.
func (s *server) run(global, sites string) {
	s.t.Helper()
	s.load(global, sites)
	s.t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			s.t.Error(err)
		}
	})
}

// reload replaces the configuration under a browser.
func (s *server) reload(b *browser, global, sites string) {
	s.t.Helper()
	if _, ok := b.Transport.(patient); !ok {
		b.Transport = patient{b.Transport}
	}
	s.load(global, sites)
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

// tryAdapt reads a configuration that may be wrong.
func (s *server) tryAdapt(global, sites string) ([]byte, error) {
	text := s.fill(strings.Replace(globals, "$GLOBAL", global, 1) + sites)
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
	return config, err
}

// Secure waits until Caddy's own authority has certified the sites: it does so
// beside the loading of a configuration.
func (s *server) secure(hosts ...string) {
	s.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for _, host := range hosts {
		for {
			dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, ServerName: host}}
			conn, err := dialer.DialContext(s.t.Context(), "tcp", loopback+":"+s.TLSPort)
			if err == nil {
				conn.Close()
				break
			}
			if time.Now().After(deadline) {
				s.t.Fatalf("%s has no certificate: %v", host, err)
			}
			<-time.After(10 * time.Millisecond) // between two questions, not for an answer
		}
	}
}

// speaking returns a browser with the same cookies that speaks one protocol
// only, over TLS.
func (s *server) speaking(t *testing.T, b *browser, protocol string) *browser {
	t.Helper()
	client := *b.Client
	client.Transport = proving{s.transport(b, protocol), protocol}
	return &browser{Client: &client, t: t, base: b.base}
}

func (s *server) transport(b *browser, protocol string) http.RoundTripper {
	if protocol == "HTTP/3" {
		return s.quic(b)
	}
	transport := b.Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.NextProtos = nil
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetHTTP1(protocol == "HTTP/1.1")
	transport.Protocols.SetHTTP2(protocol == "HTTP/2")
	s.t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// quic is Caddy's own HTTP/3 client.
func (s *server) quic(b *browser) http.RoundTripper {
	site, err := url.Parse(b.base)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	s.t.Cleanup(cancel)
	transport := &reverseproxy.HTTPTransport{
		Versions: []string{"3"},
		TLS:      &reverseproxy.TLSConfig{InsecureSkipVerify: true, ServerName: site.Hostname()},
	}
	if err := transport.Provision(ctx); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = transport.Cleanup() })
	return onLoopback{transport}
}

// onLoopback sends every request to this machine, whatever its host's name.
type onLoopback struct{ *reverseproxy.HTTPTransport }

func (o onLoopback) RoundTrip(r *http.Request) (*http.Response, error) {
	out := r.Clone(context.WithValue(r.Context(), caddy.ReplacerCtxKey, caddy.NewReplacer()))
	if out.Host == "" {
		out.Host = out.URL.Host
	}
	out.URL.Host = net.JoinHostPort(loopback, out.URL.Port())
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

// upstream is a server behind reverse_proxy that tells what reached it.
type upstream struct {
	*httptest.Server
	calls atomic.Int64
}

// reached is a request as an upstream got it.
type reached struct {
	Method, URI string
	Header      http.Header
}

// echo starts an upstream whose answers carry head.
func echo(t *testing.T, head ...string) *upstream {
	t.Helper()
	u := new(upstream)
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.calls.Add(1)
		for i := 0; i+1 < len(head); i += 2 {
			w.Header().Add(head[i], head[i+1])
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(reached{r.Method, r.RequestURI, r.Header})
	}))
	t.Cleanup(u.Close)
	return u
}

// Addr is where the upstream listens.
func (u *upstream) addr() string { return u.Listener.Addr().String() }

// reached is what the upstream got of the request that this answers.
func (a answer) reached(t *testing.T) reached {
	t.Helper()
	var got reached
	if err := json.Unmarshal([]byte(a.Text), &got); err != nil {
		t.Fatalf("not an answer of the upstream: %d, page %q: %s", a.StatusCode, a.page(), a.Text)
	}
	return got
}

// send sends headers as they are spelled, several lines of one name too.
func (b *browser) send(method, target string, headers http.Header) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.base+target, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	for name, values := range headers {
		r.Header[name] = values
	}
	return b.finish(r)
}

// finish sends a request and reads the answer.
func (b *browser) finish(r *http.Request) answer {
	b.t.Helper()
	resp, err := b.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	return readAnswer(b.t, resp)
}

func readAnswer(t testing.TB, resp *http.Response) answer {
	t.Helper()
	defer resp.Body.Close()
	var text strings.Builder
	if _, err := bufio.NewReader(resp.Body).WriteTo(&text); err != nil {
		t.Fatal(err)
	}
	return answer{resp, text.String()}
}

// raw writes bytes to a site as they stand, which no client would.
func (s *server) raw(address, request string) answer {
	s.t.Helper()
	conn, err := new(net.Dialer).DialContext(s.t.Context(), "tcp", address)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	return s.exchange(conn, request)
}

// rawTLS does the same over TLS.
func (s *server) rawTLS(host, request string) answer {
	s.t.Helper()
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, ServerName: host}}
	conn, err := dialer.DialContext(s.t.Context(), "tcp", loopback+":"+s.TLSPort)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	return s.exchange(conn, request)
}

func (s *server) exchange(conn net.Conn, request string) answer {
	s.t.Helper()
	if _, err := conn.Write([]byte(s.fill(request))); err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return readAnswer(s.t, resp)
}

// cookies are what the browser keeps for its site, in a Cookie header.
func (b *browser) cookies() string {
	var pairs []string
	for _, c := range b.Jar.Cookies(b.home()) {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	return strings.Join(pairs, "; ")
}

// cookie is the value of one cookie of the browser's; empty if it has none.
func (b *browser) cookie(name string) string {
	for _, c := range b.Jar.Cookies(b.home()) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// plant puts a cookie into the browser, in the place of one of that name.
func (b *browser) plant(name, value string) {
	b.Jar.SetCookies(b.home(), []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: strings.HasPrefix(name, "__")}})
}

func (b *browser) home() *url.URL {
	b.t.Helper()
	home, err := url.Parse(b.base)
	if err != nil {
		b.t.Fatal(err)
	}
	return home
}

// line returns the first line of the log with some text.
func (s *server) line(text string) string {
	for line := range strings.Lines(s.logs()) {
		if strings.Contains(line, text) {
			return line
		}
	}
	return ""
}

// reference is what the page tells people to quote.
func (a answer) reference() string {
	_, rest, _ := strings.Cut(a.Text, `class="reference"`)
	_, rest, _ = strings.Cut(rest, "<code>")
	reference, _, _ := strings.Cut(rest, "<")
	return reference
}
