package proconnect_test

import (
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// http://[::1]:8080 never leaves the machine: sessions are kept there without TLS,
// and the sandbox may stand there.
func TestSiteOnIPv6Loopback(t *testing.T) {
	if l, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Skip("this machine has no IPv6 loopback")
	} else {
		l.Close()
	}
	s := caddytest.Start(t, caddytest.Sandbox, `
http://[::1]:{$PORT} {
	bind [::1]
	proconnect {
		allow any
	}
	respond "inside {http.auth.user.email}"
}`)
	b := s.Browser("http://[::1]:{$PORT}")
	if a := b.Login("/", url.Values{"person": {"ministry"}}); a.Text != "inside "+agentEmail {
		t.Errorf("got %d, page %q", a.StatusCode, a.Page())
	}
	if a := b.Follow(b.Visit("/.proconnect/logout")); a.Page() != "logged-out" {
		t.Errorf("the logout ended at %d, page %q", a.StatusCode, a.Page())
	}
}

// An issuer on the IPv6 loopback may speak plain http, as one on 127.0.0.1.
func TestIssuerOnIPv6Loopback(t *testing.T) {
	s := caddytest.New(t)
	for issuer, want := range map[string]bool{"http://[::1]:8080/api": true, "http://[::2]:8080/api": false} {
		_, err := s.TryAdapt("proconnect {\n issuer "+issuer+"\n client_id x\n client_secret {env.X}\n }", "\nhttp://localhost:{$PORT} {\n proconnect {\n allow any\n }\n }")
		if got := err == nil; got != want {
			t.Errorf("%s: %v", issuer, err)
		}
		if !want && err != nil && !strings.Contains(err.Error(), "loopback") {
			t.Error(err)
		}
	}
}
