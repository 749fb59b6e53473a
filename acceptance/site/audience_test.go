package site_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// aloneSites have the login page and the direct way; both must treat what is no
// person's navigation alike.
func aloneSites(up *caddytest.Upstream) string {
	return strings.ReplaceAll(`
https://page.localhost:{$TLS_PORT} {
	proconnect {
		allow any
	}
	reverse_proxy UPSTREAM
}
https://auto.localhost:{$TLS_PORT} {
	proconnect {
		allow any
		login auto
	}
	reverse_proxy UPSTREAM
}`, "UPSTREAM", up.Addr())
}

var fetchHeaders = []string{"Accept", "*/*", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}

// "XHR, fetch (POST too), WebSocket upgrade, event stream, curl without session":
// 401 with a machine-readable body, never a redirect.
func TestMachinesWithoutSession(t *testing.T) {
	up := caddytest.Echo(t)
	s := caddytest.Start(t, caddytest.Sandbox+"\n local_certs", aloneSites(up))
	none := []string{"Sec-Fetch-Mode", "", "Sec-Fetch-Dest", "", "Sec-Fetch-Site", ""}
	tests := []struct {
		name, method string
		headers      []string
	}{
		{"XHR", "GET", append(none[:6:6], "Accept", "application/json", "X-Requested-With", "XMLHttpRequest")},
		{"XHR that takes HTML", "GET", append(none[:6:6], "Accept", "text/html, */*", "X-Requested-With", "XMLHttpRequest")},
		{"fetch", "GET", fetchHeaders},
		{"fetch of HTML", "GET", []string{"Accept", "text/html", "Sec-Fetch-Mode", "same-origin", "Sec-Fetch-Dest", "empty"}},
		{"fetch POST", "POST", append(fetchHeaders[:6:6], "Content-Type", "application/json")},
		{"fetch PUT", "PUT", fetchHeaders},
		{"fetch DELETE", "DELETE", fetchHeaders},
		{"fetch from another site", "GET", append(fetchHeaders[:6:6], "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")},
		{"preflight", "OPTIONS", append(fetchHeaders[:6:6], "Origin", "https://evil.example", "Access-Control-Request-Method", "PUT")},
		{"event stream", "GET", []string{"Accept", "text/event-stream", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}},
		{"event stream without metadata", "GET", append(none[:6:6], "Accept", "text/event-stream")},
		{"`<img>`", "GET", []string{"Accept", "image/*", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}},
		{"script", "GET", []string{"Accept", "*/*", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"}},
		{"service worker", "GET", []string{"Accept", "*/*", "Sec-Fetch-Mode", "same-origin", "Sec-Fetch-Dest", "serviceworker"}},
		{"curl", "GET", append(none[:6:6], "Accept", "*/*", "User-Agent", "curl/8.0")},
		{"without Accept", "GET", append(none[:6:6], "Accept", "")},
		{"prefetch", "GET", []string{"Sec-Purpose", "prefetch"}},
		{"prerender", "GET", []string{"Sec-Purpose", "prefetch;prerender"}},
		{"old prefetch", "GET", []string{"X-Moz", "prefetch"}},
		{"preview", "GET", []string{"X-Purpose", "preview"}},
		{"HEAD", "HEAD", nil},
		{"an unheard-of method", "BREW", append(none[:6:6], "Accept", "*/*")},
	}
	for _, site := range []string{"page", "auto"} {
		for _, protocol := range caddytest.Protocols {
			b := s.Speaking(t, s.Browser("https://"+site+".localhost:{$TLS_PORT}"), protocol)
			for _, tt := range tests {
				t.Run(tt.name+" "+site+" "+protocol, func(t *testing.T) {
					b.T = t
					headers := append([]string{"Referer", b.Base + "/app/page?z=1"}, tt.headers...)
					back := "%2Fapp%2Fpage%3Fz%3D1" // not the address that a script asked for
					if slices.Contains(tt.headers, "prefetch") || slices.Contains(tt.headers, "prefetch;prerender") || slices.Contains(tt.headers, "preview") || tt.headers == nil {
						back = "%2Fx%3Fy%3D1" // a page, loaded ahead
					}
					wantLoginDocument(t, b.Request(tt.method, "/x?y=1", nil, headers...), back)
				})
			}
		}
		for name, more := range map[string]string{
			"": "Sec-Fetch-Mode: websocket\r\n", ", without metadata": "", ", without metadata, of a client that takes HTML": "Accept: text/html\r\n",
		} {
			t.Run("WebSocket upgrade "+site+name, func(t *testing.T) {
				wantLoginDocument(t, s.RawTLS(site+".localhost", "GET /x?y=1 HTTP/1.1\r\nHost: "+site+".localhost\r\n"+more+upgrade), "%2F")
			})
		}
	}
	if n := up.Calls.Load(); n != 0 {
		t.Errorf("the upstream was called %d times", n)
	}
}

const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// wantLoginDocument wants what a program can read: where a person has to go.
func wantLoginDocument(t *testing.T, a caddytest.Answer, back string) {
	t.Helper()
	if a.StatusCode != http.StatusUnauthorized || a.Header.Get("Location") != "" || len(a.Cookies()) != 0 {
		t.Errorf("got %d to %q with cookies %v", a.StatusCode, a.Header.Get("Location"), a.Cookies())
	}
	for name, want := range map[string]string{
		"Content-Type": "application/problem+json", "Cache-Control": "no-store", "WWW-Authenticate": "ProConnect",
		"Access-Control-Allow-Origin": "",
	} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if a.Request != nil && a.Request.Method == http.MethodHead {
		return
	}
	var doc map[string]any
	if err := json.Unmarshal([]byte(a.Text), &doc); err != nil {
		t.Fatalf("%v: %s", err, a.Text)
	}
	if doc["login_url"] != "/.proconnect/login?return_to="+back || doc["status"] != 401.0 || !strings.HasSuffix(doc["type"].(string), "#login_required") {
		t.Errorf("got %s", a.Text)
	}
}

// "a form POST as a navigation: an HTML page that says the form was not sent"; a
// frame gets a small page that leads out of it; a navigation the login.
func TestNavigationsWithoutSession(t *testing.T) {
	up := caddytest.Echo(t)
	s := caddytest.Start(t, caddytest.Sandbox+"\n local_certs", aloneSites(up))
	form := url.Values{"text": {"a long letter"}}
	tests := []struct {
		name, method, page string
		form               url.Values
		headers            []string
		want               string // stands in the page
	}{
		{"form", "POST", "form-lost", form, []string{"Referer", "HOME/letters/new?to=x"}, "/.proconnect/login?return_to=%2Fletters%2Fnew%3Fto%3Dx"},
		{"form with a foreign referrer", "POST", "form-lost", form, []string{"Referer", "https://evil.example/"}, "/.proconnect/login?return_to=%2F\""},
		{"form whose referrer begins like us", "POST", "form-lost", form, []string{"Referer", "HOME.evil.example/x"}, "/.proconnect/login?return_to=%2F\""},
		{"form without metadata", "POST", "form-lost", form, []string{"Sec-Fetch-Mode", "", "Sec-Fetch-Dest", ""}, "/.proconnect/login"},
		{"form with files", "POST", "form-lost", form, []string{"Content-Type", "multipart/form-data; boundary=x"}, "/.proconnect/login"},
		{"iframe", "GET", "framed", nil, []string{"Sec-Fetch-Dest", "iframe"}, `target="_top"`},
		{"form in an iframe", "POST", "framed", form, []string{"Sec-Fetch-Dest", "iframe"}, `target="_top"`},
		{"object", "GET", "framed", nil, []string{"Sec-Fetch-Dest", "object"}, `target="_top"`},
	}
	for _, site := range []string{"page", "auto"} {
		for _, protocol := range caddytest.Protocols {
			b := s.Speaking(t, s.Browser("https://"+site+".localhost:{$TLS_PORT}"), protocol)
			for _, tt := range tests {
				t.Run(tt.name+" "+site+" "+protocol, func(t *testing.T) {
					b.T = t
					headers := append([]string(nil), tt.headers...)
					headers[1] = strings.Replace(headers[1], "HOME", b.Base, 1)
					a := b.Request(tt.method, "/x", tt.form, headers...)
					if a.StatusCode != http.StatusUnauthorized || a.Page() != tt.page || !strings.Contains(a.Text, tt.want) || len(a.Cookies()) != 0 {
						t.Errorf("got %d, page %q: %s", a.StatusCode, a.Page(), a.Text)
					}
				})
			}
		}
	}
	page, auto := s.Browser("https://page.localhost:{$TLS_PORT}").Visit("/x"), s.Browser("https://auto.localhost:{$TLS_PORT}").Visit("/x")
	if page.Page() != "login" || auto.StatusCode != http.StatusSeeOther {
		t.Errorf("a navigation: %d, page %q; login auto: %d", page.StatusCode, page.Page(), auto.StatusCode)
	}
	if n := up.Calls.Load(); n != 0 {
		t.Errorf("the upstream was called %d times", n)
	}
}

// "X-Forwarded-*, X-Original-*, X-HTTP-Method-Override, Authorization, User-Agent,
// Referer": change no verdict.
func TestHeadersChangeNoVerdict(t *testing.T) {
	p, up := caddytest.NewProvider(t), caddytest.Echo(t)
	s := caddytest.Start(t, p.Option()+"\n local_certs", strings.ReplaceAll(`
https://localhost:{$TLS_PORT} {
	proconnect /admin/* {
		allow roles agent_public_etat
	}
	proconnect /agents/* {
		allow roles agent_public
	}
	reverse_proxy UPSTREAM
}`, "UPSTREAM", up.Addr()))
	member, stranger := s.Browser("https://localhost:{$TLS_PORT}"), s.Browser("https://localhost:{$TLS_PORT}")
	if a := member.LoginAt("/agents/x"); a.StatusCode != http.StatusOK {
		t.Fatalf("got %d, page %q", a.StatusCode, a.Page())
	}
	cookie := member.Cookie("__Host-proconnect")
	headers := []string{
		"X-Forwarded-For", "127.0.0.1", "X-Forwarded-Host", "public.localhost", "X-Forwarded-Proto", "https",
		"X-Forwarded-Uri", "/public", "X-Forwarded-Prefix", "/public", "X-Forwarded-Method", "OPTIONS",
		"X-Forwarded-User", "admin", "X-Forwarded-Email", "admin@example.gouv.fr", "X-Forwarded-Access-Token", "x",
		"X-Original-URL", "/public", "X-Original-Uri", "/public", "X-Original-Host", "localhost", "X-Rewrite-URL", "/public",
		"X-HTTP-Method-Override", "OPTIONS", "X-Method-Override", "HEAD", "Forwarded", "for=127.0.0.1;host=public;proto=https",
		"X-Real-Ip", "127.0.0.1", "X-Client-Ip", "127.0.0.1", "Remote-User", "admin", "X-Remote-User", "admin",
		"X-ProConnect-Sub", "admin", "X-ProConnect-Roles", "agent_public_etat",
		"Authorization", "Basic YWRtaW46YWRtaW4=", "Proxy-Authorization", "Basic YWRtaW46YWRtaW4=", "User-Agent", "Googlebot/2.1",
		"Referer", "HOME/admin/", "Origin", "HOME", "X-Proconnect", cookie, "Authorization", "Bearer " + cookie,
		"Cache-Control", "only-if-cached", "Range", "bytes=0-10", "If-None-Match", "*", "Max-Forwards", "0", "Expect", "100-continue",
		"Sec-Fetch-Site", "none", "Sec-Fetch-User", "?1", "X-Requested-With", "", "Proconnect", "1",
	}
	for _, protocol := range caddytest.Protocols {
		member, stranger := s.Speaking(t, member, protocol), s.Speaking(t, stranger, protocol)
		for i := 0; i < len(headers); i += 2 {
			value := strings.Replace(headers[i+1], "HOME", member.Base, 1)
			t.Run(headers[i]+": "+value[:min(len(value), 40)]+" "+protocol, func(t *testing.T) {
				for _, tt := range []struct {
					who    *caddytest.Browser
					path   string
					status int
				}{
					{stranger, "/admin/x", 401},
					{stranger, "/agents/x", 401},
					{stranger, "/x", 200},
					{member, "/admin/x", 403},
					{member, "/agents/x", 200},
					{member, "/x", 200},
				} {
					tt.who.T = t
					if a := tt.who.Visit(tt.path, headers[i], value); a.StatusCode != tt.status {
						t.Errorf("%s: got %d, want %d", tt.path, a.StatusCode, tt.status)
					}
				}
			})
		}
	}
}

// noMetadata drops Fetch Metadata, which older browsers and programs do not send.
var noMetadata = []string{"Sec-Fetch-Mode", "", "Sec-Fetch-Dest", "", "Sec-Fetch-Site", ""}

// with is headers and further ones, which replace those before them.
func with(headers []string, more ...string) []string {
	return append(append([]string(nil), headers...), more...)
}
