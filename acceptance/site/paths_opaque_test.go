package site_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// readingSites is one gate on a path, and one with an exemption, before a site.
const readingSites = `
http://admin.localhost:{$PORT} {
	proconnect /admin/* {
		allow any
	}
	reverse_proxy UPSTREAM
}
http://exempt.localhost:{$PORT} {
	@closed not path /public/*
	proconnect @closed {
		allow any
	}
	reverse_proxy UPSTREAM
}`

// A target such as x:http://h/admin/x has no path in Caddy (url.URL.Opaque), and
// travels on as http://h/admin/x, which is /admin/x to every server.
func TestOpaqueTarget(t *testing.T) {
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/admin/") {
			_, _ = w.Write([]byte(protected))
		}
	}))
	defer up.Close()
	s := caddytest.Start(t, caddytest.Sandbox, strings.ReplaceAll(readingSites, "UPSTREAM", up.Listener.Addr().String()))
	for _, target := range []string{"x:http://h/admin/secret.txt", "http:http://h/admin/secret.txt", "x:http://h/admin/secret.txt?a=b"} {
		if a := s.Ask("admin.localhost", target); strings.Contains(a.Text, protected) || a.StatusCode == http.StatusOK {
			t.Errorf("%s: a stranger got %d %s", target, a.StatusCode, a.Text)
		}
	}
}

// readers are servers behind the gate that do not read a path as Caddy does.
var readers = map[string]func(*http.Request) string{
	// Whatever routes by strings.HasPrefix(r.URL.Path, "/admin/"), Express, Flask,
	// Starlette: dot segments are no business of theirs.
	"takes dots literally": func(r *http.Request) string { return r.URL.Path },
	// Express and others route on the path before it is decoded.
	"takes %2f literally": func(r *http.Request) string { return r.URL.EscapedPath() },
	// Tomcat's CoyoteAdapter: path parameters go first, up to the next / as it is
	// written; then it decodes, then it resolves dots.
	"drops parameters, then decodes": func(r *http.Request) string {
		segments := strings.Split(r.URL.EscapedPath(), "/")
		for i, s := range segments {
			segments[i], _, _ = strings.Cut(s, ";")
		}
		p, _ := url.PathUnescape(strings.Join(segments, "/"))
		return path.Clean(p)
	},
}

func TestReadings(t *testing.T) {
	tests := []struct{ site, reader, target string }{
		{"admin", "takes dots literally", "/admin/../x"},
		{"admin", "takes dots literally", "/admin/%2e%2e/x"},
		{"exempt", "takes dots literally", "/admin/../public/x"},
		{"admin", "takes %2f literally", "/admin/..%2fx"},
		{"exempt", "takes %2f literally", "/admin/..%2fpublic%2fx"},
		{"admin", "drops parameters, then decodes", "/admin;%2f..%2fx/secret.txt"},
		{"admin", "drops parameters, then decodes", `/admin;\..\..\x/secret.txt`},
		{"exempt", "drops parameters, then decodes", "/public/..;%2f..%2fpublic/admin/secret.txt"},
	}
	var read atomic.Pointer[func(*http.Request) string]
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix((*read.Load())(r), "/admin/") {
			_, _ = w.Write([]byte(protected))
		}
	}))
	defer up.Close()
	s := caddytest.Start(t, caddytest.Sandbox, strings.ReplaceAll(readingSites, "UPSTREAM", up.Listener.Addr().String()))
	for _, tt := range tests {
		reader := readers[tt.reader]
		read.Store(&reader)
		if a := s.Ask(tt.site+".localhost", tt.target); strings.Contains(a.Text, protected) || a.StatusCode != http.StatusUnauthorized && a.StatusCode != http.StatusBadRequest {
			t.Errorf("%s, before what %s, %s: a stranger got %d %.80s", tt.site, tt.reader, tt.target, a.StatusCode, a.Text)
		}
	}
	for _, target := range []string{"/x", "/administration/x", "/x;a/b%5cc/%2561dmin/100%25", "/.well-known/x", "/a%2fb"} {
		if a := s.Ask("admin.localhost", target); a.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", target, a.StatusCode)
		}
	}
	for _, target := range []string{"/public/a", "/public/a;b", "/public/a%5cb", "/public/100%25", "/public/a%2fb", "/public/.x"} {
		if a := s.Ask("exempt.localhost", target); a.StatusCode != http.StatusOK {
			t.Errorf("exempt %s: %d", target, a.StatusCode)
		}
	}
}
