package provider_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// earlyData: what is sent before the end of a handshake can be recorded and sent
// again by somebody else (RFC 8470 §5.1): where a request has effects, it waits.
// Go's client sends no early data, so that these requests are handed to the
// running server with the state that such a connection has.
//
// The case: "0-RTT early data on callback or logout".
func (h *world) earlyData(t *testing.T) {
	l := h.p.Clients["docs"]
	for name, c := range map[string]struct {
		path   string
		status int
	}{
		"callback":   {"/.proconnect/callback", http.StatusTooEarly},
		"login":      {"/.proconnect/login", http.StatusTooEarly},
		"logout":     {"/.proconnect/logout", http.StatusTooEarly},
		"logged-out": {"/.proconnect/logged-out", http.StatusTooEarly},
		"session":    {"/.proconnect/session", http.StatusOK},
		"the site":   {"/wanted", http.StatusOK},
	} {
		t.Run("0-RTT early data on "+name, func(t *testing.T) {
			b := h.goodLogin(t, l)
			callback := h.atProvider(t, b, h.leave(t, b, "/wanted?a=b", ""))
			target := b.Base + c.path
			if name == "callback" {
				target = callback
			}
			before := l.Calls()
			w := h.early(t, b, target)
			if w.StatusCode != c.status {
				t.Errorf("got %d, want %d", w.StatusCode, c.status)
			}
			if c.status == http.StatusTooEarly && (len(w.Cookies()) > 0 || w.Header.Get("Location") != "" || l.Calls()["token"] != before["token"]) {
				t.Errorf("it had effects: %v", w.Header)
			}
			h.entered(t, b, h.comeBack(b, callback))
		})
	}
}

// early hands a navigation to the running server as early data of a connection.
func (h *world) early(t *testing.T, b *caddytest.Browser, target string) *http.Response {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, u.RequestURI(), nil)
	r.Host, r.Proto, r.ProtoMajor, r.ProtoMinor = u.Host, "HTTP/3.0", 3, 0
	r.RemoteAddr = "127.0.0.1:40000"
	r.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, ServerName: u.Hostname(), HandshakeComplete: false}
	for _, name := range []string{"Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Sec-Fetch-Site: same-origin", "Accept: text/html"} {
		key, value, _ := strings.Cut(name, ": ")
		r.Header.Set(key, value)
	}
	for _, c := range b.SiteCookies() {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	h.serving(t, ":"+u.Port()).ServeHTTP(w, r)
	return w.Result()
}

// serving is the running server of a port.
func (h *world) serving(t *testing.T, port string) *caddyhttp.Server {
	t.Helper()
	app, err := caddy.ActiveContext().AppIfConfigured("http")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range app.(*caddyhttp.App).Servers {
		if len(s.Listen) == 1 && strings.HasSuffix(s.Listen[0], port) {
			return s
		}
	}
	t.Fatalf("no server listens on %s", port)
	return nil
}

// hints: a logout takes the ID token to the provider, in an address.
func (h *world) hints(t *testing.T) {
	l := h.p.Clients["docs"]
	b := h.goodLogin(t, l)
	a := b.Visit("/.proconnect/logout")
	u, err := a.Location()
	if err != nil {
		t.Fatalf("%d, page %q: %v", a.StatusCode, a.Page(), err)
	}
	if u.Query().Get("id_token_hint") != l.Login().IDToken || len(u.Query().Get("state")) < 32 {
		t.Errorf("the provider is sent %v", u.Query())
	}
	h.p.Hide(u.Query().Get("state"), "state of a logout")
	h.comeBack(b, h.Fill(l.Site)+"/.proconnect/logged-out?state="+u.Query().Get("state"))
}
