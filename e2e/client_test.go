package e2e

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// response is an answer, read whole.
type response struct {
	*http.Response
	body string
}

// send sends a request as a program does: no browser's headers, no redirect
// followed. Headers come in pairs.
func (s *stack) send(t *testing.T, method, address string, header ...string) response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := s.transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{res, string(body)}
}

// transport reaches every site on loopback, whatever the machine's resolver
// thinks of .localhost.
func (s *stack) transport() *http.Transport {
	return &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+s.port)
		},
	}
}

// cookieHeader is the Cookie header that a browser would send to an address.
func (b *tab) cookieHeader(address string) string {
	b.t.Helper()
	var pairs []string
	for _, c := range b.cookies(address) {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	if len(pairs) == 0 {
		b.t.Fatalf("no cookie for %s", address)
	}
	return strings.Join(pairs, "; ")
}
