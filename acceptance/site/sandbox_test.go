package site_test

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// guardSites are the sandbox on its usual name, on every name, in part and
// without access control.
const guardSites = `
http://localhost:{$PORT} {
	bind 0.0.0.0
	proconnect {
		allow any
	}
	respond inside
}
http://open.localhost:{$PORT} {
	proconnect {
		allow any
		optional
	}
	respond inside
}
http://:{$PORT} {
	proconnect {
		allow any
		origin http://localhost:{$PORT}
	}
	respond inside
}
https://docs.localhost:{$TLS_PORT} {
	proconnect {
		allow any
	}
	respond inside
}`

// "sandbox: request from another machine with `Host: localhost`, through nginx's
// defaults, with X-Forwarded-For, over HTTP/1.0": 503, nothing shown; a session
// changes nothing.
func TestSandboxFromElsewhere(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox+"\n local_certs", guardSites)
	b := s.Browser("http://localhost:{$PORT}")
	if a := b.Login("/", url.Values{"person": {"ministry"}}); a.Text != "inside" {
		t.Fatalf("from this machine: %d", a.StatusCode)
	}
	cookies := b.Cookies()
	attempt := b.Visit("/.proconnect/login?return_to=/").RedirectURL()
	authorize := strings.TrimPrefix(attempt, b.Base)

	paths := []string{"/", "/.proconnect/login", "/.proconnect/callback?code=x&state=y", "/.proconnect/logout", "/.proconnect/session", "/.proconnect/nothing", "/.proconnect/assets/nothing", authorize}
	tests := []struct{ name, proto, host, headers string }{
		{"over HTTP/1.0", "HTTP/1.0", "localhost:{$PORT}", ""},
		{"through nginx's defaults", "HTTP/1.0", "localhost:{$PORT}", "Connection: close\r\n"},
		{"with X-Forwarded-For", "HTTP/1.1", "localhost:{$PORT}", "X-Forwarded-For: 203.0.113.7\r\n"},
		{"with X-Forwarded-For of loopback", "HTTP/1.1", "localhost:{$PORT}", "X-Forwarded-For: 127.0.0.1\r\n"},
		{"with an empty X-Forwarded-For", "HTTP/1.1", "localhost:{$PORT}", "X-Forwarded-For:\r\n"},
		{"in small letters", "HTTP/1.1", "localhost:{$PORT}", "x-forwarded-for: 203.0.113.7\r\n"},
		{"with X-Forwarded-Proto", "HTTP/1.1", "localhost:{$PORT}", "X-Forwarded-Proto: https\r\n"},
		{"through Apache", "HTTP/1.1", "localhost:{$PORT}", "X-Forwarded-Server: proxy.example\r\n"},
		{"through Traefik", "HTTP/1.1", "localhost:{$PORT}", "X-Real-Ip: 203.0.113.7\r\n"},
		{"with Forwarded", "HTTP/1.1", "localhost:{$PORT}", "Forwarded: for=203.0.113.7\r\n"},
		{"with Via", "HTTP/1.1", "localhost:{$PORT}", "Via: 1.1 proxy\r\n"},
		{"with another Host", "HTTP/1.1", "staging.example.gouv.fr", ""},
		{"with the machine's address for Host", "HTTP/1.1", "192.168.0.1:{$PORT}", ""},
		{"with a Host that begins like ours", "HTTP/1.1", "localhost.evil.example", ""},
		{"with a Host that ends like ours", "HTTP/1.1", "evil-localhost", ""},
		{"with any address for Host", "HTTP/1.1", "0.0.0.0:{$PORT}", ""},
		{"optional, with X-Forwarded-For", "HTTP/1.1", "open.localhost:{$PORT}", "X-Forwarded-For: 203.0.113.7\r\n"},
	}
	for _, tt := range tests {
		for _, path := range paths {
			for name, more := range map[string]string{"": "Accept: text/html\r\n", " by a program": "", " with a session": "Cookie: " + cookies + "\r\n"} {
				t.Run(tt.name+" "+path[:min(len(path), 32)]+name, func(t *testing.T) {
					s.T = t
					a := s.Raw(caddytest.Loopback+":"+s.Port, "GET "+path+" "+tt.proto+"\r\nHost: "+tt.host+"\r\n"+tt.headers+more+"\r\n")
					wantGuard(t, a)
				})
			}
		}
	}
	for _, protocol := range caddytest.Protocols {
		t.Run("with X-Forwarded-For over "+protocol, func(t *testing.T) {
			b := s.Speaking(t, s.Browser("https://docs.localhost:{$TLS_PORT}"), protocol)
			if a := b.Visit("/"); a.Page() != "login" {
				t.Errorf("without: %d, page %q", a.StatusCode, a.Page())
			}
			wantGuard(t, b.Visit("/", "X-Forwarded-For", "203.0.113.7"))
		})
	}
	t.Run("from another machine with `Host: localhost`", func(t *testing.T) {
		s.T = t
		for _, address := range otherAddresses(t) {
			wantGuard(t, s.Raw(net.JoinHostPort(address, s.Port), "GET / HTTP/1.1\r\nHost: localhost:{$PORT}\r\nAccept: text/html\r\n\r\n"))
		}
	})
}

// wantGuard wants nothing shown but that it is a sandbox.
func wantGuard(t *testing.T, a caddytest.Answer) {
	t.Helper()
	html, program := a.Page() == "problem sandbox_guard", strings.Contains(a.Text, "#sandbox_guard")
	if a.StatusCode != http.StatusServiceUnavailable || !html && !program || strings.Contains(a.Text, "inside") || len(a.Cookies()) != 0 {
		t.Errorf("got %d, cookies %v: %s", a.StatusCode, a.Cookies(), a.Text)
	}
}

// otherAddresses are those of this machine that are not loopback: a request to
// one comes from one, as if from a neighbour.
func otherAddresses(t *testing.T) []string {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, addr := range addrs {
		if ip, ok := addr.(*net.IPNet); ok && ip.IP.To4() != nil && ip.IP.IsGlobalUnicast() {
			found = append(found, ip.IP.String())
		}
	}
	if len(found) == 0 {
		t.Skip("this machine has no address but loopback")
	}
	return found
}

// One line tells where the sandbox can be opened: each of its sites by scheme, name
// and port, once, whatever the number of gates; and no site of a real client.
func TestSandboxSaysWhereToOpenIt(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, caddytest.Sandbox+"\n"+strings.Replace(p.Option(), "proconnect {", "proconnect real {", 1)+"\n local_certs", `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	proconnect /admin/* {
		allow roles agent_public
	}
	respond inside
}
http://[::1]:{$PORT}, https://docs.localhost:{$TLS_PORT} {
	proconnect {
		allow any
	}
	respond inside
}
http://:{$PORT} {
	proconnect {
		allow any
		origin http://other.localhost:{$PORT}
	}
	respond inside
}
http://real.localhost:{$PORT} {
	proconnect {
		client real
		allow any
	}
	respond inside
}`)
	var lines []string
	for line := range strings.Lines(s.Logs()) {
		if strings.Contains(line, `"msg":"open `) {
			lines = append(lines, line)
		}
	}
	if len(lines) != 1 {
		t.Fatalf("want one line, got %q", lines)
	}
	_, told, _ := strings.Cut(lines[0], `"msg":"open `)
	told, _, _ = strings.Cut(told, `"`)
	want := s.Fill("http://localhost:{$PORT} http://[::1]:{$PORT} http://other.localhost:{$PORT} https://docs.localhost:{$TLS_PORT}")
	got := strings.Split(told, " or ")
	for _, address := range strings.Fields(want) {
		if n := count(got, address); n != 1 {
			t.Errorf("%s is told %d times in %q", address, n, told)
		}
	}
	if len(got) != 4 {
		t.Errorf("got %q, want %q", told, want)
	}
}

func count(list []string, wanted string) (n int) {
	for _, s := range list {
		if s == wanted {
			n++
		}
	}
	return n
}
