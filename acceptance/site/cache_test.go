package site_test

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// "gated responses": never stored by a shared cache (`Cache-Control: private` at
// least), whatever the upstream, the site or an error says.
func TestSharedCaches(t *testing.T) {
	public := caddytest.Echo(t, "Cache-Control", "public, max-age=60", "Cache-Control", "S-MaxAge=600, must-revalidate , proxy-revalidate",
		"Surrogate-Control", "max-age=600", "CDN-Cache-Control", "public", "Cloudflare-CDN-Cache-Control", "max-age=600", "Expires", "Thu, 01 Dec 2094 16:00:00 GMT")
	plain, strict := caddytest.Echo(t), caddytest.Echo(t, "Cache-Control", "no-store")
	loud := caddytest.Echo(t, "Cache-Control", "PUBLIC", "Surrogate-Control", "x")
	s := caddytest.New(t)
	s.Write("www/file.txt", strings.Repeat("inside ", 100))
	s.Write("www/errors/404.html", "not here, {http.auth.user.name}")
	s.Run(caddytest.Sandbox, strings.NewReplacer("PUBLIC", public.Addr(), "PLAIN", plain.Addr(), "STRICT", strict.Addr(), "LOUD", loud.Addr(), "DEAD", caddytest.Loopback+":"+caddytest.FreePort(t)).Replace(`
(inside) {
	root {$DIR}/www
	header /marked* Cache-Control "public, max-age=31536000"
	header /default* ?Cache-Control "public"
	handle /public {
		reverse_proxy PUBLIC
	}
	handle /plain {
		reverse_proxy PLAIN
	}
	handle /strict {
		reverse_proxy STRICT
	}
	handle /loud {
		reverse_proxy LOUD
	}
	handle /dead {
		reverse_proxy DEAD
	}
	handle /both {
		header Cache-Control public
		reverse_proxy PUBLIC
	}
	handle /marked {
		respond inside
	}
	handle /marked-error {
		error "gone" 410
	}
	handle /default {
		respond inside
	}
	handle /moved {
		redir * /elsewhere permanent
	}
	handle {
		file_server
	}
}
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	import inside
}
http://errors.localhost:{$PORT} {
	proconnect {
		allow any
	}
	import inside
	handle_errors {
		respond "not here, {http.auth.user.name}"
	}
}
http://open.localhost:{$PORT} {
	proconnect {
		allow any
		optional
	}
	import inside
}`))
	tests := []struct{ path, want string }{
		{"/public", "private, max-age=60, must-revalidate"},
		{"/plain", "private, no-store"},
		{"/strict", "private, no-store"},
		{"/loud", "private, no-store"},
		{"/both", "private, max-age=60, must-revalidate"},
		{"/marked", "private, max-age=31536000"},
		{"/default", "private, no-store"},
		{"/file.txt", "private, no-store"},
		{"/moved", "private, no-store"},
		{"/nothing", ""}, // 404
		{"/dead", ""},    // 502
		{"/marked-error", ""},
		{"/nothing with errors.", ""},
	}
	for _, site := range []string{"localhost", "errors.localhost", "open.localhost"} {
		b := s.Browser("http://" + site + ":{$PORT}")
		b.Login("/", url.Values{"person": {"ministry"}})
		for _, who := range []*caddytest.Browser{b, s.Browser("http://" + site + ":{$PORT}")} {
			for _, tt := range tests {
				for _, method := range []string{"GET", "HEAD", "POST"} {
					t.Run(site+tt.path+" "+method, func(t *testing.T) {
						who.T = t
						a := who.Request(method, tt.path, nil)
						wantPrivate(t, a)
						if got := strings.Join(a.Header["Cache-Control"], "|"); who == b && tt.want != "" && got != tt.want {
							t.Errorf("Cache-Control: %s, want %s", got, tt.want)
						}
					})
				}
			}
		}
	}
	b := s.Browser("http://localhost:{$PORT}")
	b.Login("/", url.Values{"person": {"ministry"}})
	etag := b.Visit("/file.txt").Header.Get("ETag")
	for name, headers := range map[string][]string{"304": {"If-None-Match", etag}, "206": {"Range", "bytes=0-9"}, "416": {"Range", "bytes=9000-"}, "412": {"If-Match", `"x"`}} {
		t.Run(name, func(t *testing.T) {
			b.T = t
			a := b.Visit("/file.txt", headers...)
			if wantPrivate(t, a); a.Status[:3] != name {
				t.Errorf("got %s", a.Status)
			}
		})
	}
}

// wantPrivate wants a response that no shared cache may keep (RFC 9111 §3).
func wantPrivate(t *testing.T, a caddytest.Answer) {
	t.Helper()
	private := false
	for directive := range strings.SplitSeq(strings.ToLower(strings.Join(a.Header["Cache-Control"], ",")), ",") {
		switch name, _, _ := strings.Cut(strings.TrimSpace(directive), "="); name {
		case "private", "no-store":
			private = true
		case "public", "s-maxage":
			t.Errorf("%d: Cache-Control: %q", a.StatusCode, a.Header["Cache-Control"])
		}
	}
	if !private {
		t.Errorf("%d: Cache-Control: %q", a.StatusCode, a.Header["Cache-Control"])
	}
	for name := range a.Header {
		if name == "Surrogate-Control" || strings.HasSuffix(name, "-Cache-Control") {
			t.Errorf("%d: %s: %q", a.StatusCode, name, a.Header[name])
		}
	}
}

// Keeping responses private does not get in the way of those that stream: an
// event stream arrives event by event, a WebSocket is upgraded.
func TestStreamsWithSession(t *testing.T) {
	next := make(chan struct{})
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "websocket" {
			sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " +
				base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n")
			_ = rw.Flush()
			_, _ = io.CopyN(conn, rw, 5)
			return
		}
		if r.URL.Path != "/events" {
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: one\n\n")
		_ = http.NewResponseController(w).Flush()
		<-next
		_, _ = io.WriteString(w, "data: two\n\n")
	}))
	t.Cleanup(up.Close)
	s := caddytest.Start(t, caddytest.Sandbox, "\nhttp://localhost:{$PORT} {\n proconnect {\n allow any\n }\n reverse_proxy "+up.Listener.Addr().String()+"\n }")
	b := s.Browser("http://localhost:{$PORT}")
	b.Login("/", url.Values{"person": {"ministry"}})
	t.Run("event stream", func(t *testing.T) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.Base+"/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := b.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		events := bufio.NewReader(resp.Body)
		if line, err := events.ReadString('\n'); line != "data: one\n" {
			t.Fatalf("got %q, %v", line, err)
		}
		close(next) // the first event came before the second was made
		wantPrivate(t, caddytest.Answer{Response: resp})
	})
	t.Run("WebSocket", func(t *testing.T) {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", caddytest.Loopback+":"+s.Port)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "GET /socket HTTP/1.1\r\nHost: localhost:"+s.Port+"\r\nCookie: "+b.Cookies()+"\r\n"+upgrade+"hello")
		r := bufio.NewReader(conn)
		resp, err := http.ReadResponse(r, nil)
		if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("got %v, %v", resp, err)
		}
		said := make([]byte, 5)
		if _, err := io.ReadFull(r, said); string(said) != "hello" {
			t.Errorf("got %q, %v", said, err)
		}
	})
}

// nginx' proxy_cache obeys X-Accel-Expires before Cache-Control, private or not;
// Akamai's edge obeys Edge-Control.
func TestCacheOverrides(t *testing.T) {
	up := caddytest.Echo(t, "X-Accel-Expires", "3600", "Edge-Control", "cache-maxage=1d", "Cache-Control", "public, max-age=60")
	s := caddytest.Start(t, caddytest.Sandbox, strings.ReplaceAll(readingSites, "UPSTREAM", up.Addr()))
	a := s.Browser("http://exempt.localhost:{$PORT}").Login("/x", url.Values{"person": {"ministry"}})
	for _, name := range []string{"X-Accel-Expires", "Edge-Control"} {
		if a.StatusCode != http.StatusOK || a.Header.Get(name) != "" {
			t.Errorf("%d, %s: %s", a.StatusCode, name, a.Header.Get(name))
		}
	}
}
