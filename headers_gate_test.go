package proconnect_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// headersUpstream is a server that answers the identity headers that it got.
func headersUpstream(t *testing.T) (addr string) {
	t.Helper()
	u := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, values := range r.Header {
			if strings.HasPrefix(name, "X-Proconnect-") {
				fmt.Fprintf(w, "%s: %s\n", name, strings.Join(values, "|"))
			}
		}
	}))
	t.Cleanup(u.Close)
	return u.Listener.Addr().String()
}

// Connection names headers that end at the next hop, and proxies delete them:
// a client that lists the identity headers there would reach the upstream as
// nobody.
func TestHeadersNamedInConnection(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow any
		headers
	}
	reverse_proxy `+headersUpstream(t)+`
}`)
	b := s.Browser("http://localhost:{$PORT}")
	whole := b.Login("/", url.Values{"person": {"ministry"}}).Text
	if !strings.Contains(whole, "X-Proconnect-Email: camille.exemple@test.proconnect.gouv.fr") {
		t.Fatalf("the upstream got %q", whole)
	}
	for _, value := range []string{"X-ProConnect-Email", "keep-alive, x-proconnect-email , X_ProConnect_Siret", "close,X-PROCONNECT-EMAIL"} {
		a := b.Visit("/", "Connection", value)
		if !strings.Contains(a.Text, "X-Proconnect-Email: ") {
			t.Errorf("Connection: %s: the upstream got %q", value, a.Text)
		}
	}
}
