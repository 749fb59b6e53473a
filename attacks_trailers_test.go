package proconnect_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// Caddy 2.11 hands request trailers on, and some servers merge them into the
// headers (Apache's MergeTrailers, Eventlet before CVE-2025-58068).
func TestAttackIdentityInTrailers(t *testing.T) {
	got := make(chan http.Header, 1)
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		buf := make([]byte, 100)
		for {
			if _, err := r.Body.Read(buf); err != nil {
				break
			}
		}
		got <- r.Trailer.Clone()
	}))
	defer up.Close()
	s := caddytest.Start(t, caddytest.Sandbox, strings.ReplaceAll(`
http://docs.localhost:{$PORT} {
	proconnect /admin/* {
		allow any
		headers
	}
	reverse_proxy UPSTREAM
}`, "UPSTREAM", up.Listener.Addr().String()))
	for _, announced := range []string{"X-ProConnect-Email", "Digest"} {
		s.Raw(caddytest.Loopback+":"+s.Port, "POST /x HTTP/1.1\r\nHost: docs.localhost:{$PORT}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: "+announced+
			"\r\n\r\n1\r\na\r\n0\r\nX-ProConnect-Email: forged@gouv.fr\r\n\r\n")
		if trailer := <-got; trailer.Get("X-ProConnect-Email") != "" {
			t.Errorf("Trailer: %s: the upstream got %v", announced, trailer)
		}
	}
}

// lighttpd makes HTTP_X_PROCONNECT_EMAIL of any character that is no letter or
// digit; these are allowed in a header's name (RFC 9110 §5.6.2).
func TestAttackIdentityHeaderSpellings(t *testing.T) {
	up := caddytest.Echo(t)
	s := caddytest.Start(t, caddytest.Sandbox, strings.ReplaceAll(`
http://docs.localhost:{$PORT} {
	proconnect /admin/* {
		allow any
		headers
	}
	reverse_proxy UPSTREAM
}`, "UPSTREAM", up.Addr()))
	head := make(http.Header)
	for _, c := range "!#$%&'*+^`|~" {
		head["X"+string(c)+"ProConnect"+string(c)+"Email"] = []string{"forged"}
	}
	for name, values := range s.Browser("http://docs.localhost:{$PORT}").Send(http.MethodGet, "/x", head).Received(t).Header {
		if strings.Contains(strings.Join(values, " "), "forged") {
			t.Errorf("the upstream got %s", name)
		}
	}
}
