package site_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// Caddy 2.11 hands request trailers on, and some servers merge them into the
// headers (Apache's MergeTrailers, Eventlet before CVE-2025-58068).
func TestIdentityInTrailers(t *testing.T) {
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
func TestIdentityHeaderSpellings(t *testing.T) {
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

// trailerNames are what some server would take for an identity or for a session of
// ours if it merged trailers into the headers (Apache's MergeTrailers, Eventlet
// before CVE-2025-58068).
var trailerNames = []string{"X-ProConnect-Email", "Remote-User", "Cookie", "__Host-proconnect", "Digest"}

// trailerUpstream tells which trailers reached it.
func trailerUpstream(t *testing.T) (addr string, got chan http.Header) {
	t.Helper()
	got = make(chan http.Header, 1)
	up := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			t.Error(err)
		}
		got <- r.Trailer.Clone()
	}))
	t.Cleanup(up.Close)
	return up.Listener.Addr().String(), got
}

// A client's trailers never reach the site, with `headers` or without, where the
// gate gates and where it does not, announced or not.
//
// The case: "client trailers; our cookie's name as a trailer".
func TestTrailersNeverReachTheSite(t *testing.T) {
	addr, got := trailerUpstream(t)
	s := caddytest.Start(t, caddytest.Sandbox+"\n local_certs", strings.ReplaceAll(`
http://docs.localhost:{$PORT}, https://docs.localhost:{$TLS_PORT} {
	proconnect /admin/* {
		allow any
	}
	handle_path /buffered/* {
		reverse_proxy UPSTREAM {
			request_buffers 1MB
		}
	}
	reverse_proxy UPSTREAM
}`, "UPSTREAM", addr))
	for _, path := range []string{"/x", "/buffered/x"} {
		for _, name := range trailerNames {
			for _, announced := range []string{name, "Digest", "Digest, " + name, ""} {
				head := "Transfer-Encoding: chunked\r\n"
				if announced != "" {
					head += "Trailer: " + announced + "\r\n"
				}
				s.Raw(caddytest.Loopback+":"+s.Port, "POST "+path+" HTTP/1.1\r\nHost: docs.localhost:{$PORT}\r\nConnection: close\r\n"+head+
					"\r\n1\r\na\r\n0\r\n"+name+": forged\r\n\r\n")
				if trailer := <-got; len(trailer) != 0 {
					t.Errorf("%s: %s, announced %q: the site got %v", path, name, announced, trailer)
				}
			}
			for _, protocol := range caddytest.Protocols {
				b := s.Speaking(t, s.Browser("https://docs.localhost:{$TLS_PORT}"), protocol)
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.Base+path, io.MultiReader(strings.NewReader("body")))
				if err != nil {
					t.Fatal(err)
				}
				r.Trailer = http.Header{http.CanonicalHeaderKey(name): {"forged"}}
				b.Finish(r)
				if trailer := <-got; len(trailer) != 0 {
					t.Errorf("%s over %s: %s: the site got %v", path, protocol, name, trailer)
				}
			}
		}
	}
}
