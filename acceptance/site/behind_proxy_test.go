package site_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// rawLogin begins a login by a request as it stands on the wire, behind a proxy
// that ended TLS, and returns the redirect URI that ProConnect would see, or else
// the page.
func rawLogin(s *caddytest.Server, t *testing.T, head string) string {
	t.Helper()
	s.T = t
	cookies := caddytest.BrowserSecret("proconnect_" + s.Port + "_browser")
	for _, port := range []string{"", "_8443", "_80"} {
		cookies += "; " + caddytest.BrowserSecret("__Host-proconnect"+port+"_browser")
	}
	a := s.Raw(caddytest.Loopback+":"+s.Port, "GET /.proconnect/login?return_to=/ HTTP/1.1\r\nAccept: text/html\r\nConnection: close\r\nCookie: "+cookies+"\r\n"+head+"\r\n")
	location, err := url.Parse(a.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	if uri := location.Query().Get("redirect_uri"); uri != "" {
		return uri
	}
	return a.Page()
}

const (
	proxiedSite = `
http://docs.example.test:{$PORT} {
	proconnect {
		allow any
	}
	respond inside
}`
	proxiedCallback = "https://docs.example.test/.proconnect/callback"
	proxiedPlain    = "problem insecure_origin"
)

// Redirect URIs are compared letter by letter: however a proxy writes the host, it
// is the one that browsers show.
func TestHostAsProxiesWriteIt(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, p.Option()+"\n servers {\n trusted_proxies static 127.0.0.0/8\n }", proxiedSite)
	for host, want := range map[string]string{
		"docs.example.test":      proxiedCallback,
		"docs.example.test:443":  proxiedCallback,
		"docs.example.test:":     proxiedCallback,
		"DOCS.Example.Test":      proxiedCallback,
		"Docs.Example.TEST:443":  proxiedCallback,
		"docs.example.test:8443": "https://docs.example.test:8443/.proconnect/callback",
		"docs.example.test:80":   "https://docs.example.test:80/.proconnect/callback",
	} {
		t.Run(host, func(t *testing.T) {
			if got := rawLogin(s, t, "Host: "+host+"\r\nX-Forwarded-Proto: https\r\n"); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// What proxies say of the scheme is understood however many they are; what a client
// wrote in front of it is not believed, where the addresses tell.
func TestForwardedProtoOfSeveralProxies(t *testing.T) {
	p := caddytest.NewProvider(t)
	const client, edge = "203.0.113.7", "10.0.0.9" // the edge is a trusted proxy, too
	type row struct{ proto, addresses, want string }
	always := map[string]row{
		"one proxy":                        {"https", "", proxiedCallback},
		"in capitals":                      {"HTTPS", "", proxiedCallback},
		"a WebSocket":                      {"wss", "", proxiedCallback},
		"a WebSocket without TLS":          {"ws", "", proxiedPlain},
		"two agree":                        {"https,https", "", proxiedCallback},
		"TLS ended at the edge":            {"https, http", "", proxiedCallback},
		"no TLS at the edge":               {"http, https", "", proxiedPlain},
		"TLS ended at the edge, addresses": {"https, http", client + ", " + edge, proxiedCallback},
		"no TLS at the edge, addresses":    {"http, https", client + ", " + edge, proxiedPlain},
		"only the edge said it":            {"https", client + ", " + edge, proxiedCallback},
		"address with port":                {"https, http", client + ":4711, " + edge, proxiedCallback},
		"more schemes than proxies, as a client adds to what one proxy says": {"https, http", client, proxiedPlain},
		"unknown":     {"https+quic", "", proxiedPlain},
		"empty":       {"", "", proxiedPlain},
		"empty first": {", https", "", proxiedPlain},
	}
	strict := map[string]row{
		"the client forged both":            {"https, http", "198.51.100.1, " + client, proxiedPlain},
		"the client forged both, two hops":  {"https, http, http", "198.51.100.1, " + client + ", " + edge, proxiedPlain},
		"the client forged, TLS at an edge": {"http, https, http", "198.51.100.1, " + client + ", " + edge, proxiedCallback},
	}
	for name, option := range map[string]string{"client-most": "", "strict": "\n trusted_proxies_strict"} {
		s := caddytest.Start(t, p.Option()+"\n servers {\n trusted_proxies static 127.0.0.0/8 10.0.0.0/8"+option+"\n }", proxiedSite)
		try := func(rows map[string]row) {
			for title, row := range rows {
				t.Run(name+", "+title, func(t *testing.T) {
					head := "Host: docs.example.test\r\nX-Forwarded-Proto: " + row.proto + "\r\n"
					if row.addresses != "" {
						head += "X-Forwarded-For: " + row.addresses + "\r\n"
					}
					if got := rawLogin(s, t, head); got != row.want {
						t.Errorf("got %s, want %s", got, row.want)
					}
				})
			}
		}
		if try(always); option != "" {
			try(strict)
		}
		s.T = t
	}
}

// Whoever set trusted_proxies is not told to: the log says what came instead.
func TestPlainHTTPSaysWhatCame(t *testing.T) {
	p := caddytest.NewProvider(t)
	tests := []struct{ name, option, head, says string }{
		{"nothing set, nothing came", "", "", "set `origin`, or `trusted_proxies` if a proxy in front ends TLS"},
		{"nothing set, a proxy in front", "", "X-Forwarded-Proto: https\r\n", "from an address that `trusted_proxies` does not name"},
		{"another address set", "10.0.0.0/8", "X-Forwarded-Proto: https\r\n", "from an address that `trusted_proxies` does not name"},
		{"set, nothing came", "127.0.0.0/8", "", "the trusted proxy sends no X-Forwarded-Proto"},
		{"set, something else came", "127.0.0.0/8", "X-Forwarded-Proto: http\r\nX-Forwarded-Proto: https\r\n", "the trusted proxy does not say https"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			options := p.Option()
			if tt.option != "" {
				options += "\n servers {\n trusted_proxies static " + tt.option + "\n }"
			}
			s := caddytest.Start(t, options, proxiedSite)
			a := s.Raw(caddytest.Loopback+":"+s.Port, "GET / HTTP/1.1\r\nHost: docs.example.test\r\nAccept: text/html\r\nConnection: close\r\n"+tt.head+"\r\n")
			if a.StatusCode != http.StatusInternalServerError || a.Page() != proxiedPlain {
				t.Fatalf("got %d, page %q", a.StatusCode, a.Page())
			}
			cause, line := s.Line("the site is reached over plain http"), s.Line(`"reference":"`+a.Reference()+`"`)
			for _, said := range []string{cause, line} {
				if !strings.Contains(said, tt.says) || tt.says != tests[0].says && strings.Contains(said, tests[0].says) {
					t.Errorf("the log says %s, want %q", said, tt.says)
				}
			}
			if tt.head != "" && !strings.Contains(cause, `"x_forwarded_proto":"http`) || !strings.Contains(cause, `"remote":"127.`) {
				t.Errorf("the log does not say what came: %s", cause)
			}
		})
	}
}

// A browser that sends no Sec-Fetch-Site proves by Origin that it is on the site,
// which has no port where a proxy's Host has one, and by the form's token that it
// was asked.
func TestLogoutWhereTheProxyAddsThePort(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, p.Option()+"\n servers {\n trusted_proxies static 127.0.0.0/8\n }", proxiedSite)
	const head = "Host: docs.example.test:443\r\nX-Forwarded-Proto: https\r\nAccept: text/html\r\nConnection: close\r\n"
	_, form, _ := strings.Cut(s.Raw(caddytest.Loopback+":"+s.Port, "GET /.proconnect/logout HTTP/1.1\r\n"+head+"\r\n").Text, `name="token" value="`)
	token, _, _ := strings.Cut(form, `"`)
	body := "token=" + url.QueryEscape(token)
	for origin, want := range map[string]string{
		"https://docs.example.test": "leaving",
		// Another site's form, and one of another port of this host.
		"https://evil.example.test": "logout", "https://docs.example.test:8443": "logout", "null": "logout",
	} {
		a := s.Raw(caddytest.Loopback+":"+s.Port, "POST /.proconnect/logout HTTP/1.1\r\n"+head+"Origin: "+origin+
			"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"+body)
		if a.StatusCode != http.StatusOK || a.Page() != want {
			t.Errorf("from %s: got %d, page %q", origin, a.StatusCode, a.Page())
		}
	}
}
