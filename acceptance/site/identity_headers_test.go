package site_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// forged are spellings of an identity header that some server takes for it: CGI
// and WSGI fold _ into -, PHP also the dot, and nobody minds the case.
var forged = []string{
	"X-ProConnect-Email", "x-proconnect-email", "X-PROCONNECT-SUB", "X-ProConnect-Admin", "X-ProConnect-",
	"X_ProConnect_Email", "x_proconnect-email", "X-ProConnect_Email", "X.ProConnect.Email", "X-ProConnect.Email",
	"X_ProConnect.Email",
}

func forgery() http.Header {
	h := make(http.Header)
	for _, name := range forged {
		h[name] = []string{"forged"}
	}
	return h
}

// "identity headers sent by the client (any case, `_`, `.`) when `headers` is on,
// also on optional and denied requests": deleted.
//
// The case: "a gate with `headers` inside `handle /admin/*`, forged identity headers and
// our cookie on the other paths".
func TestForgedIdentityHeaders(t *testing.T) {
	servers := map[string]string{
		"as Caddy comes": "",
		// Caddy drops names with _ and . by itself, unless it is told not to.
		"with Caddy's own filter off": `servers {
			expected_underscore_headers x_proconnect_email x_proconnect-email x-proconnect_email x_proconnect.email
			expected_dot_headers x.proconnect.email x-proconnect.email x_proconnect.email
		}`,
	}
	for name, options := range servers {
		t.Run(name, func(t *testing.T) {
			up := caddytest.Echo(t)
			s := caddytest.Start(t, caddytest.Sandbox+"\n local_certs\n"+options, strings.ReplaceAll(`
https://docs.localhost:{$TLS_PORT} {
	proconnect /admin/* {
		allow any
		headers
	}
	reverse_proxy UPSTREAM
}
https://open.localhost:{$TLS_PORT} {
	proconnect {
		allow roles agent_public_territorial
		optional
		headers
	}
	reverse_proxy UPSTREAM
}
https://closed.localhost:{$TLS_PORT} {
	proconnect {
		allow roles agent_public_territorial
		headers
		errors caddy
	}
	reverse_proxy UPSTREAM
	handle_errors {
		reverse_proxy UPSTREAM
	}
}`, "UPSTREAM", up.Addr()))
			tests := []struct {
				name, site, path, person string
				want                     string // X-ProConnect-Email at the upstream
			}{
				{"admitted", "docs", "/admin/x", "ministry", "camille.exemple@test.proconnect.gouv.fr"},
				{"`proconnect /admin/* { headers }` and a forged identity header on `/x`", "docs", "/x", "", ""},
				{"the same with a session", "docs", "/x", "ministry", ""},
				{"optional, a stranger", "open", "/x", "", ""},
				{"optional, a person whom the rules refuse", "open", "/x", "ministry", ""},
				{"denied, and handle_errors proxies", "closed", "/x", "ministry", ""},
			}
			for _, tt := range tests {
				b := s.Browser("https://" + tt.site + ".localhost:{$TLS_PORT}")
				if tt.person != "" {
					b.Login("/.well-known/none", url.Values{"person": {tt.person}})
				}
				for _, protocol := range caddytest.Protocols {
					t.Run(tt.name+" "+protocol, func(t *testing.T) {
						got := s.Speaking(t, b, protocol).Send(http.MethodGet, tt.path, forgery()).Received(t)
						for name, values := range got.Header {
							if strings.Contains(strings.Join(values, " "), "forged") {
								t.Errorf("the upstream got %s: %s", name, values)
							}
						}
						if email := got.Header.Get("X-ProConnect-Email"); email != tt.want {
							t.Errorf("X-ProConnect-Email %q, want %q", email, tt.want)
						}
					})
				}
			}
		})
	}
}

// "our own cookies": not passed on to the upstream, those of another client
// neither, on gated paths and on others, in one line or, as HTTP/2 allows
// (RFC 9113 §8.2.3), in several.
func TestCookiesUpstream(t *testing.T) {
	up := caddytest.Echo(t)
	s := caddytest.Start(t, "proconnect {\n environment sandbox\n }\n proconnect other {\n environment sandbox\n client_id other\n }\n local_certs",
		strings.ReplaceAll(`
https://docs.localhost:{$TLS_PORT} {
	proconnect /admin/* {
		allow any
	}
	proconnect /other/* {
		client other
		path /.other
		allow any
	}
	reverse_proxy UPSTREAM
}
https://named.localhost:{$TLS_PORT} {
	proconnect {
		client other
		allow any
	}
	reverse_proxy UPSTREAM
}`, "UPSTREAM", up.Addr()))
	b := s.Browser("https://docs.localhost:{$TLS_PORT}")
	b.Login("/admin/", url.Values{"person": {"ministry"}})
	b.Authorize(b.Visit("/.other/login?return_to=/other/"), url.Values{"person": {"ministry"}})
	named := s.Browser("https://named.localhost:{$TLS_PORT}")
	named.Login("/", url.Values{"person": {"ministry"}})
	b.Visit("/.proconnect/login?return_to=/") // a pass under way has a cookie too
	for _, name := range []string{"__Host-proconnect", "__Host-proconnect-other", "__Host-proconnect_browser", "__Host-proconnect_busy", "proconnect_sandbox"} {
		if !strings.Contains("; "+b.Cookies(), "; "+b.Named(name)+"=") && !strings.Contains("; "+b.Cookies(), "; "+name+"=") {
			t.Fatalf("the browser has no %s: nothing to hide", name)
		}
	}
	b.Plant("theme", "dark")
	named.Plant("theme", "dark")
	for _, protocol := range caddytest.Protocols {
		for _, path := range []string{"/admin/x", "/other/x", "/x"} {
			t.Run(path+" "+protocol, func(t *testing.T) {
				wantCookie(t, s.Speaking(t, b, protocol).Visit(path).Received(t), "theme=dark")
			})
		}
		t.Run("with a client of another name alone "+protocol, func(t *testing.T) {
			wantCookie(t, s.Speaking(t, named, protocol).Visit("/x").Received(t), "theme=dark")
		})
		t.Run("in several header lines "+protocol, func(t *testing.T) {
			lines := append(strings.Split(b.Cookies(), "; "), "a=1; __Host-proconnect_rounds=2; b=3", "__Secure-proconnect_id_token=4", "proconnect-others=5",
				"proconnect_state=6; __Host-proconnect_token=7; __Host-proconnect-other_8443_seen=8")
			plain := *s.Speaking(t, b, protocol)
			client := *plain.Client
			client.Jar = nil
			plain.Client = &client
			got := plain.Send(http.MethodGet, "/x", http.Header{"Cookie": lines})
			wantCookie(t, got.Received(t), "theme=dark; a=1; b=3; proconnect-others=5; proconnect_state=6; __Host-proconnect_token=7")
		})
	}
}

func wantCookie(t *testing.T, got caddytest.Received, want string) {
	t.Helper()
	if cookie := strings.Join(got.Header["Cookie"], "; "); cookie != want {
		t.Errorf("the upstream got Cookie: %s, want %s", cookie, want)
	}
}

// headersUpstream is a server that answers the identity headers that it got.
func headersUpstream(t *testing.T) (addr string) {
	t.Helper()
	u := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, values := range r.Header {
			if strings.HasPrefix(name, "X-Proconnect-") {
				fmt.Fprintf(w, "%s: %s\n", name, strings.Join(values, "|"))
			}
		}
	}))
	t.Cleanup(u.Close)
	return u.Listener.Addr().String()
}

// Connection names headers that end at the next hop, and proxies delete them:
// a client that lists the identity headers there would reach the upstream as
// nobody.
func TestHeadersNamedInConnection(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow any
		headers
	}
	reverse_proxy `+headersUpstream(t)+`
}`)
	b := s.Browser("http://localhost:{$PORT}")
	whole := b.Login("/", url.Values{"person": {"ministry"}}).Text
	if !strings.Contains(whole, "X-Proconnect-Email: camille.exemple@test.proconnect.gouv.fr") {
		t.Fatalf("the upstream got %q", whole)
	}
	for _, value := range []string{"X-ProConnect-Email", "keep-alive, x-proconnect-email , X_ProConnect_Siret", "close,X-PROCONNECT-EMAIL"} {
		a := b.Visit("/", "Connection", value)
		if !strings.Contains(a.Text, "X-Proconnect-Email: ") {
			t.Errorf("Connection: %s: the upstream got %q", value, a.Text)
		}
	}
}

// A gate behind another deletes what the client forged, not what the other set,
// whether it gates the request or not.
func TestHeadersOfTwoGates(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow any
		headers
	}
	proconnect /admin/* {
		allow roles agent_public_etat
		headers x-proconnect-
	}
	respond {header.X-ProConnect-Email}
}`)
	b := s.Browser("http://localhost:{$PORT}")
	b.Login("/", url.Values{"person": {"ministry"}})
	for _, path := range []string{"/x", "/admin/x"} {
		a := b.Visit(path, "X-ProConnect-Email", "forged")
		if a.Text != "camille.exemple@test.proconnect.gouv.fr" {
			t.Errorf("%s: behind the gates, X-ProConnect-Email is %q", path, a.Text)
		}
	}
}
