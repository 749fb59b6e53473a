package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

const protected = "PROTECTED-BODY"

// verdict is what becomes of a stranger's request.
type verdict int

const (
	isOpen    verdict = iota // it goes on to the site
	isGated                  // the login page
	isRefused                // 400: no browser sends that
)

// pathTricks are ways to ask for /admin/secret.txt that somebody may take for
// another path, or for the same, and the verdict that `proconnect /admin/*` has to
// give.
var pathTricks = []struct {
	name, path string
	want       verdict
}{
	{"plain", "/admin/secret.txt", isGated},
	{"encoded letter", "/%61dmin/secret.txt", isGated},
	{"encoded slash `%2F`", "/admin%2Fsecret.txt", isGated},
	{"encoded slash in front", "/%2Fadmin/secret.txt", isGated},
	{"`//`", "//admin/secret.txt", isGated},
	{"`//` inside", "/admin//secret.txt", isGated},
	{"many slashes", "/////admin/secret.txt", isGated},
	{"dot", "/./admin/secret.txt", isRefused},
	{"encoded dot", "/%2e/admin/secret.txt", isRefused},
	{"dots", "/x/../admin/secret.txt", isRefused},
	{"`/%2e%2e/`", "/x/%2e%2e/admin/secret.txt", isRefused},
	{"encoded dots and slash", "/x%2f..%2fadmin%2fsecret.txt", isRefused},
	{"dots that leave the root", "/../../admin/secret.txt", isRefused},
	{"dots behind", "/admin/x/../secret.txt", isRefused},
	{"case", "/ADMIN/secret.txt", isGated},
	{"encoded case", "/%41dMiN/secret.txt", isGated},
	{"trailing dot", "/admin/secret.txt.", isGated},
	{"trailing slash", "/admin/secret.txt/", isGated},
	{"trailing space", "/admin/secret.txt%20", isGated},
	{"query", "/admin/secret.txt?/public", isGated},
	{"encoded query", "/admin/secret.txt%3f/public", isGated},
	{"encoded fragment", "/admin/secret.txt%23/public", isGated},
	{"NUL", "/admin/secret.txt%00.html", isRefused},
	// Tomcat and its like drop what follows a semicolon in a segment.
	{"`;x`", "/admin;x/secret.txt", isGated},
	{"`;x` in front", "/;x/admin/secret.txt", isGated},
	{"`;x` between dots", "/x/..;/admin/secret.txt", isRefused},
	{"encoded `;x`", "/admin%3bx/secret.txt", isGated},
	{"`;x` behind", "/admin/secret.txt;x", isGated},
	// IIS and its like take a backslash for a slash.
	{"`%5c`", "/admin%5csecret.txt", isGated},
	{"`%5c` in front", "/%5cadmin/secret.txt", isGated},
	{"`%5c` between dots", "/x/..%5cadmin%5csecret.txt", isRefused},
	// Two servers in a row may decode twice.
	{"encoded twice", "/%2561dmin/secret.txt", isGated},
	{"slash encoded twice", "/admin%252fsecret.txt", isGated},
	{"dots encoded twice", "/x/%252e%252e/admin/secret.txt", isRefused},
	{"backslash encoded twice", "/admin%255csecret.txt", isGated},
	{"a neighbour", "/administration/secret.txt", isOpen},
	{"a neighbour with everything", "/x;a/b%5cc/%2561/admin", isOpen},
}

func pathSites(up *caddytest.Upstream) string {
	return strings.ReplaceAll(`
https://files.localhost:{$TLS_PORT} {
	root {$DIR}/www
	proconnect /admin/* {
		allow any
	}
	file_server
}
https://spa.localhost:{$TLS_PORT} {
	root {$DIR}/www
	proconnect /admin/* {
		allow any
	}
	try_files {path} /index.html
	file_server
}
https://rewritten.localhost:{$TLS_PORT} {
	root {$DIR}/www
	proconnect /admin/* {
		allow any
	}
	rewrite /admin/* /index.html
	file_server
}
https://mounted.localhost:{$TLS_PORT} {
	root {$DIR}/www
	handle_path /app/* {
		proconnect /admin/* {
			allow any
			path /app/.proconnect
		}
		file_server
	}
}
https://proxied.localhost:{$TLS_PORT} {
	proconnect /admin/* {
		allow any
	}
	reverse_proxy UPSTREAM
}
https://exempt.localhost:{$TLS_PORT} {
	@closed not path /public/*
	proconnect @closed {
		allow any
	}
	reverse_proxy UPSTREAM
}`, "UPSTREAM", up.Addr())
}

// startPaths starts the sites on which paths are tried out.
func startPaths(t *testing.T) (*caddytest.Server, *caddytest.Upstream) {
	t.Helper()
	up := caddytest.Echo(t)
	s := caddytest.New(t)
	s.Write("www/admin/secret.txt", protected)
	s.Write("www/admin/index.html", protected)
	s.Write("www/index.html", "public page")
	s.Run(caddytest.Sandbox+"\n local_certs", pathSites(up))
	return s, up
}

// "`/%2e%2e/`, `%2F`, `%5c`, `//`, `;x`, case, trailing dot or slash, try_files and
// rewrite to index.html": verdict of the path the user asked for; no bypass of
// `proconnect /admin/*`. "next handler when refused": never called, not one byte
// of the protected body.
func TestPaths(t *testing.T) {
	s, up := startPaths(t)
	for _, protocol := range caddytest.Protocols {
		t.Run(protocol, func(t *testing.T) {
			for _, site := range []string{"files", "spa", "rewritten", "proxied"} {
				b := s.Speaking(t, s.Browser("https://"+site+".localhost:{$TLS_PORT}"), protocol)
				for _, tt := range pathTricks {
					t.Run(site+" "+tt.name, func(t *testing.T) {
						b.T = t
						before := up.Calls.Load()
						wantVerdict(t, b.Visit(tt.path), tt.want)
						if called := up.Calls.Load() - before; called > 0 && tt.want != isOpen {
							t.Errorf("the upstream was called %d times", called)
						}
					})
				}
			}
			b := s.Speaking(t, s.Browser("https://mounted.localhost:{$TLS_PORT}"), protocol)
			for _, tt := range pathTricks {
				t.Run("handle_path "+tt.name, func(t *testing.T) {
					b.T = t
					want := tt.want
					if strings.HasPrefix(tt.path, "/../") { // and so is no path of the handler's
						want = isOpen
					}
					wantVerdict(t, b.Visit("/app"+tt.path), want)
				})
			}
		})
	}
}

func wantVerdict(t *testing.T, a caddytest.Answer, want verdict) {
	t.Helper()
	if strings.Contains(a.Text, protected) {
		t.Errorf("a stranger got the protected body, %d", a.StatusCode)
	}
	got := isOpen
	switch {
	case a.StatusCode == http.StatusUnauthorized && a.Page() == "login":
		got = isGated
	case a.StatusCode == http.StatusBadRequest && a.Page() == "problem bad_request":
		got = isRefused
	}
	if got != want {
		t.Errorf("got %d, page %q, verdict %d, want %d", a.StatusCode, a.Page(), got, want)
	}
}

// The same for a gate with an exemption: nothing below /public/ is asked for that
// somebody may read as another path.
func TestPathsOutOfAnExemption(t *testing.T) {
	s, _ := startPaths(t)
	b := s.Browser("https://exempt.localhost:{$TLS_PORT}")
	tests := []struct {
		path string
		want verdict
	}{
		{"/public/a", isOpen},
		{"/public/a;b", isOpen},
		{"/public/a%5cb", isOpen},
		{"/public/100%25", isOpen},
		{"/public", isGated},
		{"/publicity", isGated},
		{"/public/../admin/x", isRefused},
		{"/public/%2e%2e/admin/x", isRefused},
		{"/public/..%2fadmin/x", isRefused},
		{"/public/..;/admin/x", isRefused},
		{"/public/..;x/admin/x", isRefused},
		{"/public/..%5cadmin%5cx", isRefused},
		{"/public%5c..%5cadmin%5cx", isRefused},
		{"/public/%252e%252e/admin/x", isRefused},
		{"/public/..%252fadmin/x", isRefused},
		{"/public/..%255cadmin/x", isRefused},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			b.T = t
			wantVerdict(t, b.Visit(tt.path), tt.want)
		})
	}
}

// What no client would write: other forms of the request target (RFC 9112 §3.2),
// and a backslash as it is.
func TestPathsRaw(t *testing.T) {
	s, up := startPaths(t)
	for _, line := range []string{
		`GET /admin\secret.txt HTTP/1.1`,
		`GET \admin\secret.txt HTTP/1.1`,
		`GET https://HOST/admin/secret.txt HTTP/1.1`,
		`GET https://elsewhere.localhost/../admin/secret.txt HTTP/1.1`,
		`GET https:///admin/secret.txt HTTP/1.1`,
		`GET //HOST/admin/../../admin/secret.txt HTTP/1.1`,
		`get /admin/secret.txt HTTP/1.1`,
		`BREW /admin/secret.txt HTTP/1.1`,
		`CONNECT /admin/secret.txt HTTP/1.1`,
		`OPTIONS * HTTP/1.1`,
		`GET /admin/secret.txt HTTP/1.0`,
	} {
		for _, host := range []string{"files.localhost", "proxied.localhost"} {
			t.Run(host+" "+line, func(t *testing.T) {
				before := up.Calls.Load()
				conn := strings.ReplaceAll(line, "HOST", host+":{$TLS_PORT}") + "\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"
				a := s.RawTLS(host, conn)
				if strings.Contains(a.Text, protected) || up.Calls.Load() != before && strings.Contains(line, "admin") {
					t.Errorf("got %d: %s", a.StatusCode, a.Text)
				}
			})
		}
	}
}

// The other way round: whoever may, gets what is behind the gate, so that the
// tests above speak of a door and not of a wall; and a rewrite or try_files to
// index.html does not take the gate from the path that was asked for.
func TestPathsWithSession(t *testing.T) {
	s, _ := startPaths(t)
	tests := []struct{ site, endpoints, path, want string }{
		{"files", "", "/admin/secret.txt", protected},
		{"files", "", "/admin%2Fsecret.txt", protected},
		{"spa", "", "/admin/secret.txt", protected},
		{"spa", "", "/admin/some/view", "public page"},
		{"rewritten", "", "/admin/secret.txt", "public page"},
		{"mounted", "/app", "/app/admin/secret.txt", protected},
		{"proxied", "", "/admin;x/secret.txt", `"URI":"/admin;x/secret.txt"`},
	}
	for _, tt := range tests {
		t.Run(tt.site+" "+tt.path, func(t *testing.T) {
			b := s.Browser("https://" + tt.site + ".localhost:{$TLS_PORT}")
			if a := b.Visit(tt.path); a.StatusCode != http.StatusUnauthorized {
				t.Errorf("a stranger got %d", a.StatusCode)
			}
			a := b.Authorize(b.Visit(tt.endpoints+"/.proconnect/login?return_to="+url.QueryEscape(tt.path)), url.Values{"person": {"ministry"}})
			if !strings.Contains(a.Text, tt.want) {
				t.Errorf("got %d: %s", a.StatusCode, a.Text)
			}
		})
	}
}
