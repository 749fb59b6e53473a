package site_test

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// redirectURI starts a login and returns the redirect URI that ProConnect would
// get to see.
func redirectURI(b *caddytest.Browser, headers ...string) (string, caddytest.Answer) {
	b.T.Helper()
	a := b.Visit("/.proconnect/login?return_to=/", headers...)
	location, err := url.Parse(a.RedirectURL())
	if err != nil {
		b.T.Fatal(err)
	}
	return location.Query().Get("redirect_uri"), a
}

// "redirect_uri": from configuration or the routed host and TLS state, never from
// X-Forwarded-* of an untrusted client.
func TestRedirectURI(t *testing.T) {
	p := caddytest.NewProvider(t)
	const sites = `
http://localhost:{$PORT}, https://docs.localhost:{$TLS_PORT}, http://docs.example.test:{$PORT} {
	proconnect {
		allow any
	}
	respond inside
}
http://:{$PORT} {
	proconnect {
		allow any
		origin https://public.example.test
	}
	respond inside
}`
	forward := func(proto string, more ...string) []string {
		return append([]string{"X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", proto, "X-Forwarded-Port", "444", "Forwarded", "host=evil.example;proto=" + proto, "X-Original-Host", "evil.example"}, more...)
	}
	const (
		callback = "/.proconnect/callback"
		insecure = "problem insecure_origin"
	)
	tests := []struct {
		name, site string
		headers    []string
		untrusted  string // the redirect URI, or the page
		trusted    string // the same, where this machine is a trusted proxy
	}{
		{"on loopback", "http://localhost:{$PORT}", nil, "http://localhost:{$PORT}" + callback, ""},
		{"on loopback, forwarded", "http://localhost:{$PORT}", forward("https"), "http://localhost:{$PORT}" + callback, "https://localhost:{$PORT}" + callback},
		{"https", "https://docs.localhost:{$TLS_PORT}", nil, "https://docs.localhost:{$TLS_PORT}" + callback, ""},
		{"https, forwarded as http", "https://docs.localhost:{$TLS_PORT}", forward("http"), "https://docs.localhost:{$TLS_PORT}" + callback, ""},
		{"plain http", "http://docs.example.test:{$PORT}", nil, insecure, ""},
		{"plain http, forwarded", "http://docs.example.test:{$PORT}", forward("https"), insecure, "https://docs.example.test:{$PORT}" + callback},
		{"plain http, forwarded as such", "http://docs.example.test:{$PORT}", forward("http"), insecure, ""},
		{"plain http, forwarded as a list", "http://docs.example.test:{$PORT}", forward("https, http"), insecure, "https://docs.example.test:{$PORT}" + callback},
		{"plain http, forwarded as nonsense", "http://docs.example.test:{$PORT}", forward("https://evil"), insecure, ""},
		{"with origin", "http://other.example.test:{$PORT}", forward("http"), "https://public.example.test" + callback, ""},
	}
	for _, trusted := range []bool{false, true} {
		options := ""
		if trusted {
			options = "\n servers {\n trusted_proxies static 127.0.0.1/32\n }"
		}
		t.Run(map[bool]string{false: "untrusted client", true: "trusted proxy"}[trusted], func(t *testing.T) {
			s := caddytest.Start(t, p.Option()+"\n local_certs"+options, sites)
			for _, tt := range tests {
				t.Run(tt.name, func(t *testing.T) {
					b := s.Browser(tt.site)
					b.T = t
					want := tt.untrusted
					if trusted && tt.trusted != "" {
						want = tt.trusted
					}
					uri, a := redirectURI(b, tt.headers...)
					if uri == "" {
						uri = a.Page()
					}
					if uri != s.Fill(want) || strings.Contains(a.Text+a.RedirectURL(), "evil") {
						t.Errorf("got %s, want %s", uri, s.Fill(want))
					}
				})
			}
		})
	}
}

// What an untrusted client says of the scheme does not get a cookie without
// Secure out of an https site, nor a secure one into plain http.
func TestCookieScheme(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, p.Option()+"\n local_certs", `
http://localhost:{$PORT}, https://docs.localhost:{$TLS_PORT} {
	proconnect {
		allow any
	}
	respond inside
}`)
	for site, secure := range map[string]bool{"http://localhost:{$PORT}": false, "https://docs.localhost:{$TLS_PORT}": true} {
		a := s.Browser(site).Visit("/.proconnect/login", "X-Forwarded-Proto", map[bool]string{true: "http", false: "https"}[secure])
		if len(a.Cookies()) != 2 {
			t.Errorf("%s: %v", site, a.Cookies())
		}
		for _, c := range a.Cookies() {
			if c.Secure != secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode ||
				c.Path != "/" || c.Domain != "" || strings.HasPrefix(c.Name, "__Host-") != secure {
				t.Errorf("%s: %v", site, c)
			}
		}
	}
}

// "gate inside `handle /x/*` whose callback is unreachable": nobody sent away;
// page and log say what to do. With `path /x/.proconnect` it works.
func TestUnreachableCallback(t *testing.T) {
	const sites = `
http://localhost:{$PORT} {
	handle /x/* {
		proconnect {
			allow any
			LOGIN
		}
		respond "inside {http.auth.user.email}"
	}
	handle {
		respond outside
	}
}
http://rewritten.localhost:{$PORT} {
	route {
		rewrite /.proconnect/* /index.html
		respond /index.html outside
		proconnect {
			allow any
			LOGIN
		}
		respond "inside {http.auth.user.email}"
	}
}`
	for _, login := range []string{"login page", "login auto"} {
		t.Run(login, func(t *testing.T) {
			s := caddytest.Start(t, caddytest.Sandbox, strings.ReplaceAll(sites, "LOGIN", login))
			for _, site := range []string{"http://localhost:{$PORT}", "http://rewritten.localhost:{$PORT}"} {
				for range 2 { // not only the first time
					a := s.Browser(site).Visit("/x/page")
					if a.StatusCode != http.StatusInternalServerError || a.Page() != "problem callback_unreachable" || len(a.Cookies()) != 0 {
						t.Errorf("%s: got %d to %q, page %q", site, a.StatusCode, a.RedirectURL(), a.Page())
					}
					// Each page's reference leads to a line that says what to do.
					if line := s.Line(`"reference":"` + a.Reference() + `"`); a.Reference() == "" || !strings.Contains(line, "\"remedy\":\"inside `handle /x/*`") {
						t.Errorf("%s: reference %q leads to %q", site, a.Reference(), line)
					}
				}
				if !strings.Contains(s.Logs(), "inside `handle /x/*` set `path /x/.proconnect` and register that redirect URI, or put the gate outside of it") {
					t.Error("the log does not say what to do")
				}
			}
			b := s.Browser("http://localhost:{$PORT}")
			s.Reload(b, caddytest.Sandbox, strings.ReplaceAll(sites, "LOGIN", login+"\n path /x/.proconnect"))
			if a := b.Authorize(b.Visit("/x/.proconnect/login?return_to=/x/page"), url.Values{"person": {"ministry"}}); a.Text != "inside "+agentEmail {
				t.Errorf("with path: %d, page %q: %s", a.StatusCode, a.Page(), a.Text)
			}
			if a := b.Follow(b.Visit("/x/.proconnect/logout")); a.Page() != "logged-out" {
				t.Errorf("the logout ended at %d, page %q", a.StatusCode, a.Page())
			}
		})
	}
}

// The probe that asks is the gate's own: nothing that a client sends is taken
// for one, and the probe itself makes no attempt and calls no provider.
func TestProbe(t *testing.T) {
	p, up := caddytest.NewProvider(t), caddytest.Echo(t)
	s := caddytest.Start(t, p.Option(), "\nhttp://localhost:{$PORT} {\n proconnect {\n allow any\n }\n reverse_proxy "+up.Addr()+"\n }")
	b := s.Browser("http://localhost:{$PORT}")
	if a := b.Visit("/.proconnect/callback"); a.StatusCode != http.StatusBadRequest {
		t.Errorf("a callback without anything: %d, page %q", a.StatusCode, a.Page())
	}
	if uri, a := redirectURI(b); uri == "" || len(a.Cookies()) != 2 { // the secret, and that a pass is under way
		t.Errorf("got %d to %q with cookies %v", a.StatusCode, uri, a.Cookies())
	}
	if n := up.Calls.Load(); n != 0 {
		t.Errorf("the probe reached the site %d times", n)
	}
}

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
