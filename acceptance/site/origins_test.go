package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A gate in the routes of a handler that we do not know, by way of a named route:
// under which names it answers is not known when it is loaded. Were the Host header
// believed there, whoever sends a forged one would choose the redirect URI, and the
// host that cookies are bound to. So nobody is asked to log in, on the good name
// neither, until `origin` says the address.
func TestHostOfAGateThatNoRouteLeadsTo(t *testing.T) {
	const site = `
&(gated) {
	proconnect {
		allow any
		ORIGIN
	}
	respond inside
}
http://docs.localhost:{$PORT}, http://:{$PORT} {
	unread {
		invoke gated
	}
}`
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, p.Option(), strings.Replace(site, "ORIGIN", "", 1))
	for _, host := range []string{"docs.localhost", "evil.localhost", "evil.example"} {
		b := s.Browser("http://" + host + ":{$PORT}")
		for _, path := range []string{"/", "/.proconnect/login?return_to=/", "/.proconnect/callback?code=x&state=y", "/.proconnect/logout", "/.proconnect/session"} {
			wantOriginRequired(t, b, path)
		}
	}
	b := s.Browser("http://docs.localhost:{$PORT}")
	s.Reload(b, p.Option(), strings.Replace(site, "ORIGIN", "origin http://docs.localhost:{$PORT}", 1))
	if uri, a := redirectURI(b); uri != b.Base+"/.proconnect/callback" {
		t.Errorf("with origin: %d, page %q, redirect URI %q", a.StatusCode, a.Page(), uri)
	}
}

// wantOriginRequired wants nobody asked, sent away or told anything, but the
// operator told what to do: people by a page, programs by a document.
func wantOriginRequired(t *testing.T, b *caddytest.Browser, path string) {
	t.Helper()
	for _, headers := range [][]string{nil, fetchHeaders} {
		a := b.Visit(path, headers...)
		document := a.Header.Get("Content-Type") == "application/problem+json" && strings.Contains(a.Text, "#origin_required")
		if a.StatusCode != http.StatusInternalServerError || a.Page() != "problem origin_required" && !document {
			t.Errorf("%s%s: got %d, page %q: %s", b.Base, path, a.StatusCode, a.Page(), a.Text)
		}
		if len(a.Cookies()) != 0 || a.Header.Get("Location") != "" || document != (headers != nil) {
			t.Errorf("%s%s: to %q, cookies %v", b.Base, path, a.Header.Get("Location"), a.Cookies())
		}
	}
}

// Two gates of one site that do not agree on its address: a session is bound to
// the host of the one, and the other would open it, or send people elsewhere to
// log in than where their session is looked for. Where they meet, nobody passes.
func TestGatesOfTwoOrigins(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, p.Option(), `
http://localhost:{$PORT} {
	proconnect /docs/* {
		allow any
		origin http://localhost:{$PORT}
	}
	proconnect /admin/* {
		allow any
		origin https://admin.example.test
		path /.admin
	}
	respond inside
}`)
	b := s.Browser("http://localhost:{$PORT}")
	for _, who := range []string{"a stranger", "a member"} {
		t.Run(who, func(t *testing.T) {
			for _, path := range []string{"/admin/x", "/.admin/login?return_to=/admin/x", "/.admin/logout", "/.admin/session"} {
				wantOriginRequired(t, b, path)
			}
		})
		if a := b.LoginAt("/docs/x"); a.Text != "inside" {
			t.Fatalf("where they do not meet: %d, page %q", a.StatusCode, a.Page())
		}
	}
}

// A proxy that is trusted says by X-Forwarded-Proto that the browser came by
// https. Two lines of it are two opinions: the one that the client sent through a
// proxy which only adds, and the proxy's. Neither is believed, in either order.
func TestForwardedProtoTwice(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, p.Option()+"\n servers {\n trusted_proxies static 127.0.0.1/32\n }", `
http://docs.example.test:{$PORT} {
	proconnect {
		allow any
	}
	respond inside
}`)
	b := s.Browser("http://docs.example.test:{$PORT}")
	for name, tt := range map[string]struct {
		lines []string
		https bool
	}{
		"control: one line": {[]string{"https"}, true},
		"https and https":   {[]string{"https", "https"}, false},
		"https and http":    {[]string{"https", "http"}, false},
		"http and https":    {[]string{"http", "https"}, false},
		"nothing and https": {[]string{"", "https"}, false},
		"https and nothing": {[]string{"https", ""}, false},
		"three lines":       {[]string{"https", "https", "https"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			b.T = t
			a := b.Send(http.MethodGet, "/.proconnect/login", http.Header{"X-Forwarded-Proto": tt.lines, "Cookie": {caddytest.BrowserSecret("__Host-proconnect_" + s.Port + "_browser")}})
			if !tt.https && (a.StatusCode != http.StatusInternalServerError || a.Page() != "problem insecure_origin" || len(a.Cookies()) != 0) {
				t.Errorf("taken for https: %d, page %q, cookies %v", a.StatusCode, a.Page(), a.Cookies())
			}
			location, _ := url.Parse(a.RedirectURL())
			if uri := location.Query().Get("redirect_uri"); tt.https != strings.HasPrefix(uri, "https://docs.example.test:") {
				t.Errorf("got %d, redirect URI %q", a.StatusCode, uri)
			}
		})
	}
}
