package site_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// What stands before the gate sees the probe as it will see the browser that comes
// back: the gate is reached by it, and people can log in.
func TestProbeCarriesWhatTheRequestCarried(t *testing.T) {
	const hash = "$2a$04$9eOJGQ0o2DRg4bNlBzZ4P.VcLzmBGJ72FSKckmkl19UsyVTmoV1Ha" // of "secret", quickly
	tests := []struct {
		name, before string
		headers      []string
	}{
		{"basic_auth", "basic_auth {\n agent " + hash + "\n }", []string{"Authorization", "Basic YWdlbnQ6c2VjcmV0"}}, // agent:secret
		{"a header", "@no not header X-Tenant acme\n respond @no 404", []string{"X-Tenant", "acme"}},
		{"the user agent", "@no not header User-Agent *Firefox*\n respond @no 404", []string{"User-Agent", "Mozilla/5.0 Firefox/140.0"}},
		{"the application's cookie", "@no not header Cookie *tenant=acme*\n respond @no 404", nil},
		{"the language", "@no not header Accept-Language fr*\n respond @no 404", nil},
		{"the address", "@no not remote_ip 127.0.0.0/8\n respond @no 404", nil},
		{"the address that a proxy tells", "@no not client_ip 203.0.113.7\n respond @no 404", []string{"X-Forwarded-For", "203.0.113.7", "X-Forwarded-Proto", "https"}},
		{"TLS", "@no not vars {http.request.tls.server_name} docs.localhost\n respond @no 404", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := caddytest.NewProvider(t)
			s := caddytest.Start(t, p.Option()+"\n local_certs\n servers {\n trusted_proxies static 127.0.0.0/8\n }", strings.ReplaceAll(`
https://docs.localhost:{$TLS_PORT} {
	route {
		BEFORE
		proconnect {
			allow any
		}
		respond inside
	}
}`, "BEFORE", tt.before))
			b := s.Browser("https://docs.localhost:{$TLS_PORT}")
			b.Plant("tenant", "acme")
			if a := b.Visit("/page", tt.headers...); a.Page() != "login" {
				t.Fatalf("got %d, page %q", a.StatusCode, a.Page())
			}
			if a := b.Visit("/.proconnect/login?return_to=/page", tt.headers...); a.StatusCode != http.StatusSeeOther {
				t.Errorf("the login leads nowhere: %d, page %q", a.StatusCode, a.Page())
			}
		})
	}
}

// A probe that fails is repeated: what stands before the gate may have been short of
// time, once.
func TestProbeIsRepeated(t *testing.T) {
	var calls atomic.Int64
	auth := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) == 2 { // the first is the page's own
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer auth.Close()
	s := caddytest.Start(t, caddytest.Sandbox, strings.ReplaceAll(`
http://docs.localhost:{$PORT} {
	route {
		forward_auth AUTH {
			uri /
		}
		proconnect {
			allow any
		}
		respond inside
	}
}`, "AUTH", auth.Listener.Addr().String()))
	b := s.Browser("http://docs.localhost:{$PORT}")
	if a := b.Visit("/page"); a.Page() != "login" || calls.Load() != 3 {
		t.Errorf("got %d, page %q after %d calls", a.StatusCode, a.Page(), calls.Load())
	}
}

// One client whose headers keep the callback from the gate shuts the site for itself
// alone, and a probe that goes astray takes no session of ours along.
func TestProbeLostByOneClient(t *testing.T) {
	up := caddytest.Echo(t)
	cookies := make(chan string, 10)
	astray := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { cookies <- r.Header.Get("Cookie") }))
	defer astray.Close()
	s := caddytest.Start(t, caddytest.Sandbox, strings.NewReplacer("UPSTREAM", up.Addr(), "ASTRAY", astray.Listener.Addr().String()).Replace(`
http://docs.localhost:{$PORT} {
	route {
		@lost {
			path /.proconnect/callback
			header X-Lost *
		}
		reverse_proxy @lost ASTRAY
		proconnect {
			allow roles agent_public_etat
			login auto
		}
		reverse_proxy UPSTREAM
	}
}`))
	attacker := s.Browser("http://docs.localhost:{$PORT}")
	attacker.Plant("theme", "dark")
	attacker.Plant("proconnect_browser", "secret")
	for range 2 {
		if a := attacker.Visit("/page", "X-Lost", "1"); a.Page() != "problem callback_unreachable" {
			t.Fatalf("got %d, page %q", a.StatusCode, a.Page())
		}
	}
	if a := s.Browser("http://docs.localhost:{$PORT}").Visit("/page"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("somebody else got %d, page %q", a.StatusCode, a.Page())
	}
	if n := len(cookies); n != 2 { // a probe and its repetition, of the first request alone
		t.Errorf("%d probes went astray, want 2", n)
	}
	for range len(cookies) {
		if got := <-cookies; got != "theme=dark" {
			t.Errorf("a probe took %q along", got)
		}
	}
}

// A gate whose endpoints lie behind another gate of its client is reached by whoever
// passed that one: the probe comes as the person who will come back.
func TestProbePassesTheGatesThatThePersonPassed(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, p.Option(), `
http://localhost:{$PORT} {
	proconnect {
		allow roles agent_public
	}
	@admin path /admin /admin/*
	proconnect @admin {
		allow siren 130025265
		acr eidas2
		path /admin/.proconnect
	}
	respond inside
}`)
	b := s.Browser("http://localhost:{$PORT}")
	if a := b.Visit("/admin/.proconnect/login?return_to=/admin/x"); a.Page() != "login" {
		t.Fatalf("a stranger got %d, page %q", a.StatusCode, a.Page())
	}
	b.LoginAt("/")
	a := b.Visit("/admin/x")
	if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.RedirectURL(), p.URL) {
		t.Fatalf("got %d, page %q", a.StatusCode, a.Page())
	}
	p.ACR = "eidas2"
	if a = b.Follow(a); a.Text != "inside" {
		t.Errorf("after the login: %d, page %q", a.StatusCode, a.Page())
	}
}
