package site_test

import (
	"bufio"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A matcher's query and method are read as servers read them, and so are headers
// that say that the address or the method is another one.
const readSites = `
http://query.localhost:{$PORT} {
	@a query page=admin
	proconnect @a {
		allow any
	}
	reverse_proxy UPSTREAM
}
http://joined.localhost:{$PORT} {
	@a query user_id=1
	proconnect @a {
		allow any
	}
	reverse_proxy UPSTREAM
}
http://notquery.localhost:{$PORT} {
	@a not query page=open
	proconnect @a {
		allow any
	}
	reverse_proxy UPSTREAM
}
http://celquery.localhost:{$PORT} {
	@a expression query({'page': 'admin'}) || {http.request.uri.query.page} == 'admin'
	proconnect @a {
		allow any
	}
	reverse_proxy UPSTREAM
}
http://rawquery.localhost:{$PORT} {
	@a vars_regexp {query} (^|&)page=admin(&|$)
	proconnect @a {
		allow any
	}
	reverse_proxy UPSTREAM
}
http://notraw.localhost:{$PORT} {
	@a not vars_regexp {query} (^|&)page=open(&|$)
	proconnect @a {
		allow any
	}
	reverse_proxy UPSTREAM
}
http://both.localhost:{$PORT} {
	@a {
		path /admin
		query page=admin
	}
	proconnect @a {
		allow any
	}
	reverse_proxy UPSTREAM
}
http://delete.localhost:{$PORT} {
	@a method DELETE
	proconnect @a {
		allow any
	}
	reverse_proxy UPSTREAM
}
http://get.localhost:{$PORT} {
	@a {
		method GET
		path /admin/*
	}
	proconnect @a {
		allow any
	}
	reverse_proxy UPSTREAM
}
http://reading.localhost:{$PORT} {
	@a not method GET HEAD
	proconnect @a {
		allow any
	}
	reverse_proxy UPSTREAM
}
http://celmethod.localhost:{$PORT} {
	@a expression method('DELETE')
	proconnect @a {
		allow any
	}
	reverse_proxy UPSTREAM
}
http://admin.localhost:{$PORT} {
	@a path /admin /admin/*
	proconnect @a {
		allow any
	}
	reverse_proxy UPSTREAM
}`

// The case: "query, method and headers in a gate's matcher: `?page=admin&;`,
// `?page=admin&x=%zz`, `delete` for DELETE, HEAD for GET, `X-HTTP-Method-Override`,
// COPY/MOVE with `Destination`; `X-Original-URL`, `X-Rewrite-URL`".
func TestGateReadsQueriesAndMethodsAsServersDo(t *testing.T) {
	up := caddytest.Echo(t)
	s := caddytest.Start(t, caddytest.Sandbox, strings.ReplaceAll(readSites, "UPSTREAM", up.Addr()))
	for _, tt := range []struct {
		site, request string
		headers       string
		want          int
	}{
		{"query", "GET /?page=admin", "", 401},
		{"query", "GET /?page=open", "", 200},
		{"query", "GET /", "", 200},
		{"query", "GET /?utm=1&utm=2&x=a%20b", "", 200},
		{"query", "GET /?page=admin&;", "", 401},
		{"query", "GET /?page=admin&x=%zz", "", 401},
		{"query", "GET /?x;page=admin", "", 401},
		{"query", "GET /?p%61ge=adm%69n", "", 401},
		{"query", "GET /?page=open&page=admin", "", 401},
		{"query", "GET /?page[]=admin", "", 401},
		{"query", "GET /?page%5B0%5D=admin", "", 401},
		{"query", "GET /?Page=Admin", "", 401},
		{"query", "GET /??page=admin", "", 401},
		{"joined", "GET /?user[id=1", "", 401},
		{"joined", "GET /?user%5Bid=1", "", 401},
		{"joined", "GET /?user[id]=1", "", 200},
		{"query", "GET /?%20page=admin", "", 401},
		{"query", "GET /?page=%61dmin%00", "", 401},
		{"query", "GET /?page=%2561dmin", "", 401},
		{"query", "GET /?page=%u0061dmin", "", 401},
		{"query", "GET /%3fpage=admin", "", 401},
		{"query", "GET /?" + strings.Repeat("a&", 600) + "page=admin", "", 401},
		{"notquery", "GET /?page=open", "", 200},
		{"notquery", "GET /?page=open&x=1&x=2", "", 200},
		{"notquery", "GET /?page=open&;", "", 401},
		{"notquery", "GET /?page=open&x=%zz", "", 401},
		{"notquery", "GET /?page=open&page=admin", "", 401},
		{"notquery", "GET /?page=admin&page=open", "", 401},
		{"notquery", "GET /?page=open&page[]=admin", "", 401},
		{"notquery", "GET /?page=open&PAGE=admin", "", 401},
		{"notquery", "GET /%3fpage=admin?page=open", "", 401},
		{"celquery", "GET /?page=admin", "", 401},
		{"celquery", "GET /?page=open", "", 200},
		{"celquery", "GET /?page=admin&;", "", 401},
		{"celquery", "GET /?page=open&page=admin", "", 401},
		{"rawquery", "GET /?page=admin", "", 401},
		{"rawquery", "GET /?x=1&x=2", "", 200},
		{"rawquery", "GET /?p%61ge=%61dmin", "", 401},
		{"rawquery", "GET /?x;page=admin", "", 401},
		{"notraw", "GET /?page=open", "", 200},
		{"notraw", "GET /?page=open&page=admin", "", 401},
		{"notraw", "GET /?x=%26page=open", "", 401},
		{"both", "GET /admin?page=admin", "", 401},
		{"both", "GET /admin?page=open", "", 200},
		{"both", "GET /other?page=admin&;", "", 200},
		{"both", "GET /admin?page=admin&;", "", 401},
		{"both", "GET //x/admin?page=admin&;", "", 401},
		{"both", "GET /admin%3fpage=admin", "", 401},
		{"delete", "GET /", "", 200},
		{"delete", "DELETE /", "", 401},
		{"delete", "delete /", "", 401},
		{"delete", "POST /", "", 200},
		{"delete", "POST /", "X-HTTP-Method-Override: DELETE", 401},
		{"delete", "POST /", "X-HTTP-Method-Override: delete ", 401},
		{"delete", "POST /", "X-HTTP-Method: DELETE", 401},
		{"delete", "POST /", "X-Method-Override: DELETE", 401},
		{"delete", "POST /", "X-HTTP-Method-Override: PUT\r\nX-HTTP-Method-Override: DELETE", 401},
		{"delete", "GET /", "X-HTTP-Method-Override: DELETE", 401},
		{"delete", "POST /?_method=DELETE", "", 401},
		{"delete", "POST /?_m%65thod=delete", "", 401},
		{"delete", "POST /", "Content-Type: application/x-www-form-urlencoded", 401}, // _method in the form
		{"delete", "POST /", "Content-Type: application/json", 200},
		{"delete", "GET /", manyMethods(), 401},
		{"get", "GET /admin/x", "", 401},
		{"get", "HEAD /admin/x", "", 401},
		{"get", "get /admin/x", "", 401},
		{"get", "POST /admin/x", "", 200},
		{"get", "HEAD //h/admin/x", "", 401},
		{"get", "HEAD /x", "", 200},
		{"get", "CONNECT /admin/x", "", 401}, // a WebSocket in HTTP/2, which a proxy makes a GET of
		{"reading", "GET /", "", 200},
		{"reading", "HEAD /", "", 200},
		{"reading", "POST /", "", 401},
		{"reading", "get /", "", 401},
		{"reading", "GET /", "X-HTTP-Method-Override: POST", 401},
		{"celmethod", "delete /", "", 401},
		{"celmethod", "POST /", "X-HTTP-Method-Override: DELETE", 401},
		{"celmethod", "POST /", "", 200},
		// Where COPY and MOVE write is an address, too (RFC 4918 §10.3).
		{"admin", "COPY /x", "Destination: /admin/y", 401},
		{"admin", "MOVE /x", "Destination: http://admin.localhost/admin/y", 401},
		{"admin", "MOVE /x", "Destination: http://admin.localhost//h/admin/y", 401},
		{"admin", "move /x", "Destination: /x/../admin/y", 401},
		{"admin", "MOVE /x", "Destination: relative", 401},
		{"admin", "MOVE /x", "Destination: /y", 200},
		{"admin", "MOVE /x", "Destination: /y\r\nDestination: /admin/y", 401},
	} {
		t.Run(tt.site+" "+tt.request[:min(len(tt.request), 60)]+" "+tt.headers[:min(len(tt.headers), 60)], func(t *testing.T) {
			s.T = t
			before := up.Calls.Load()
			headers := tt.headers
			if headers != "" {
				headers = strings.TrimSuffix(headers, "\r\n") + "\r\n"
			}
			status := statusOf(s, tt.request+" HTTP/1.1\r\nHost: "+tt.site+".localhost:{$PORT}\r\nAccept: text/html\r\n"+headers+"Connection: close\r\n\r\n")
			if called := up.Calls.Load() != before; status != tt.want || called != (tt.want == 200) {
				t.Errorf("got %d, want %d; the upstream was called: %v", status, tt.want, called)
			}
		})
	}
}

// manyMethods claims more methods than anybody tries.
func manyMethods() string {
	var lines []string
	for c := 'A'; c <= 'Z'; c++ {
		lines = append(lines, "X-HTTP-Method-Override: "+string(c))
	}
	return strings.Join(lines, "\r\n")
}

// statusOf is that of the answer to a request. One to HEAD has no body.
func statusOf(s *caddytest.Server, request string) int {
	s.T.Helper()
	conn, err := new(net.Dialer).DialContext(s.T.Context(), "tcp", caddytest.Loopback+":"+s.Port)
	if err != nil {
		s.T.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(s.Fill(request))); err != nil {
		s.T.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		s.T.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// Headers that have a server take another address for the request's are dropped,
// unless a trusted proxy sent them.
func TestGateDropsHeadersThatSteer(t *testing.T) {
	up := caddytest.Echo(t)
	names := []string{"X-Original-Url", "X-Original-Uri", "X-Rewrite-Url", "X-Rewrite-Uri", "X-Forwarded-Uri", "X-Script-Name", "X-Replaced-Path", "Script_name", "Daphne-Root-Path"}
	headers := make(http.Header)
	for _, name := range names {
		headers.Set(name, "/admin/s")
	}
	headers.Set("X-Original", "kept")
	sites := strings.ReplaceAll(readSites, "UPSTREAM", up.Addr()) + strings.ReplaceAll(`
http://everywhere.localhost:{$PORT} {
	proconnect {
		allow any
		optional
	}
	reverse_proxy UPSTREAM
}`, "UPSTREAM", up.Addr())
	for global, kept := range map[string]bool{"": false, "trusted_proxies static 127.0.0.0/8": true} {
		t.Run(global, func(t *testing.T) {
			s := caddytest.Start(t, caddytest.Sandbox+"\nservers {\n expected_underscore_headers SCRIPT_NAME\n "+global+"\n }", sites)
			got := s.Browser("http://admin.localhost:{$PORT}").Send(http.MethodGet, "/x", headers).Received(t).Header
			for _, name := range names {
				if _, ok := got[name]; ok != kept {
					t.Errorf("%s: %v", name, ok)
				}
			}
			if got.Get("X-Original") != "kept" {
				t.Error("another header was dropped")
			}
		})
	}
	s := caddytest.Start(t, caddytest.Sandbox, sites)
	headers.Del("X-Forwarded-Uri") // which the sandbox does not answer
	if got := s.Browser("http://everywhere.localhost:{$PORT}").Send(http.MethodGet, "/x", headers).Received(t).Header; got.Get("X-Original-Url") == "" {
		t.Error("a gate without a matcher changed the request")
	}
}

// A host in capitals, or with a dot at its end, is the same to servers.
func TestGateReadsHostsAsServersDo(t *testing.T) {
	other := caddytest.FreePort(t)
	s := caddytest.Start(t, caddytest.Sandbox, strings.ReplaceAll(`
http://localhost:{$PORT}, http://admin.localhost:{$PORT} {
	@a expression {host} == 'admin.localhost'
	proconnect @a {
		allow any
	}
	respond reached
}
http://:OTHER {
	@a host admin.localhost
	proconnect @a {
		allow any
		origin http://localhost
	}
	respond reached
}`, "OTHER", other))
	for host, want := range map[string]int{
		"admin.localhost:{$PORT}": http.StatusUnauthorized, "ADMIN.localhost:{$PORT}": http.StatusUnauthorized, "Localhost:{$PORT}": http.StatusOK,
		"admin.localhost:OTHER": http.StatusUnauthorized, "admin.localhost.:OTHER": http.StatusUnauthorized, "Admin.localhost.": http.StatusUnauthorized,
		"localhost.:OTHER": http.StatusOK, "[::1]:OTHER": http.StatusOK, "[::1]": http.StatusOK,
	} {
		port := s.Port
		if !strings.Contains(host, "{$PORT}") {
			port = other
		}
		if a := s.Raw(caddytest.Loopback+":"+port, "GET /x HTTP/1.1\r\nHost: "+host+"\r\nAccept: text/html\r\nConnection: close\r\n\r\n"); a.StatusCode != want {
			t.Errorf("%s: %d, want %d", host, a.StatusCode, want)
		}
	}
}
