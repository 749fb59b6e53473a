package recipes_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/doccode"
)

// behind runs a recipe behind something that ends TLS and sends on what rewrite makes of
// a request, and returns a browser in front of it.
func behind(t *testing.T, b doccode.Block, upstream string, rewrite func(*http.Request)) (*caddytest.Server, *caddytest.Browser) {
	t.Helper()
	s := caddytest.New(t)
	front := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(&url.URL{Scheme: "http", Host: net.JoinHostPort(caddytest.Loopback, s.Port)})
		p.Out.Host = p.In.Host
		for name, values := range p.In.Header { // ReverseProxy has dropped the client's own
			p.Out.Header[name] = values
		}
		rewrite(p.Out)
	}})
	front.StartTLS()
	t.Cleanup(front.Close)
	_, port, err := net.SplitHostPort(front.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	p := caddytest.NewProvider(t)
	option := strings.TrimSuffix(strings.TrimPrefix(p.Option(), "proconnect {\n"), "}")
	global, sites := client{option: option, front: port}.localize(s, b, upstream)
	s.Run(strings.ReplaceAll(global, "10.0.0.10/32", caddytest.Loopback+"/32"), sites)
	return s, s.Browser("https://docs.example.gouv.localhost:" + port)
}

// client's address as what is in front sees it: not one of a private network, which the
// recipes may trust.
const clientAddress = "203.0.113.7"

// asTraefik writes what Traefik 3 does (pkg/middlewares/forwardedheaders): it drops what
// clients of no trusted address sent, and passes the host on.
func asTraefik(r *http.Request) {
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Forwarded-") || name == "X-Real-Ip" {
			delete(r.Header, name)
		}
	}
	proto := "https"
	if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		proto = "wss"
	}
	_, port, _ := net.SplitHostPort(r.Host)
	for name, value := range map[string]string{
		"X-Real-Ip": clientAddress, "X-Forwarded-For": clientAddress, "X-Forwarded-Proto": proto, "X-Forwarded-Host": r.Host,
		"X-Forwarded-Port": port, "X-Forwarded-Server": "traefik-1",
	} {
		r.Header.Set(name, value)
	}
}

// forgedByClients is what a client may write to be taken for another, on another scheme.
var forgedByClients = []string{"X-Forwarded-For", "192.0.2.1", "X-Forwarded-Proto", "http", "X-Forwarded-Host", "evil.example", "Forwarded", "for=192.0.2.1;proto=http;host=evil.example"}

func TestBehindTraefik(t *testing.T) {
	yaml, caddy := doccode.Recipe(t, "Traefik in front", "yaml"), doccode.Recipe(t, "Traefik in front", "caddyfile")
	rule := regexp.MustCompile("Host\\(`(.+)`\\)").FindStringSubmatch(yaml.Text)
	server := regexp.MustCompile(`url: http://[0-9.]+:(\d+)`).FindStringSubmatch(yaml.Text)
	if rule == nil || server == nil || !strings.Contains(caddy.Text, "http://"+rule[1]+":"+server[1]+" {") {
		t.Errorf("Traefik sends people elsewhere than Caddy serves: %q %q", rule, server)
	}
	up := caddytest.Echo(t)
	s, b := behind(t, caddy, up.Addr(), asTraefik)
	wantPassage(t, s, b)
	upgrade := []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-Fetch-Mode", "websocket", "Sec-Fetch-Dest", "websocket"}
	if a := b.Visit("/ws", upgrade...); a.Page() == "problem insecure_origin" || a.StatusCode == http.StatusInternalServerError {
		t.Errorf("a WebSocket: got %d, page %q", a.StatusCode, a.Page())
	}
}

// wantPassage logs in and out through what is in front, with forged headers at each step,
// and sees who came in the log.
func wantPassage(t *testing.T, s *caddytest.Server, b *caddytest.Browser) {
	t.Helper()
	if a := b.Visit("/x?y=1", forgedByClients...); a.Page() != "login" {
		t.Fatalf("a stranger: got %d, page %q: %s", a.StatusCode, a.Page(), a.Text)
	}
	a := b.LoginAt("/x?y=1", forgedByClients...)
	if got := a.Received(t); got.URI != "/x?y=1" {
		t.Errorf("the site got %q", got.URI)
	}
	for _, c := range b.Jar.Cookies(b.Home()) {
		if !strings.HasPrefix(c.Name, "__Host-") && !strings.HasPrefix(c.Name, "__Secure-") {
			t.Errorf("the cookie %s is one of plain http", c.Name)
		}
	}
	if entered := s.Line(`"event":"login"`); !strings.Contains(entered, clientAddress) || strings.Contains(entered, "192.0.2.1") {
		t.Errorf("the log has another client: %s", entered)
	}
	b.Visit("/.proconnect/logout", forgedByClients...)
	wantStatus(t, "after the logout", b.Visit("/x", forgedByClients...), http.StatusUnauthorized)
}

// asBalancer writes what the balancers of clouds do: they add to X-Forwarded-For, and say
// the scheme.
func asBalancer(r *http.Request) {
	r.Header.Set("X-Forwarded-For", strings.TrimPrefix(strings.Join(append(r.Header["X-Forwarded-For"], clientAddress), ", "), ", "))
	r.Header.Set("X-Forwarded-Proto", "https")
	r.Header.Set("X-Forwarded-Port", "443")
}

// asSilentBalancer says nothing of the scheme, and passes on what clients say.
func asSilentBalancer(r *http.Request) {
	said := r.Header["X-Forwarded-Proto"]
	if asBalancer(r); said == nil {
		r.Header.Del("X-Forwarded-Proto")
		return
	}
	r.Header["X-Forwarded-Proto"] = said
}

func TestBehindABalancer(t *testing.T) {
	up := caddytest.Echo(t)
	recipe := doccode.Recipe(t, "A cloud's load balancer in front", "caddyfile")
	t.Run("that says nothing of the scheme", func(t *testing.T) {
		s, b := behind(t, recipe, up.Addr(), asSilentBalancer)
		wantPassage(t, s, b)
	})
	s, b := behind(t, recipe, up.Addr(), asBalancer)
	wantPassage(t, s, b)
	calls := up.Calls.Load()
	for host, want := range map[string]int{"10.0.0.5:" + s.Port: http.StatusOK, "unknown.example": http.StatusOK, "docs.example.gouv.localhost": http.StatusUnauthorized} {
		a := s.Raw(caddytest.Loopback+":"+s.Port, "GET /healthz HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
		wantStatus(t, "the health check for "+host, a, want)
	}
	for _, target := range []string{"/", "/x", "/healthz/x", "/healthz/../x"} {
		a := s.Raw(caddytest.Loopback+":"+s.Port, "GET "+target+" HTTP/1.1\r\nHost: 10.0.0.5\r\nConnection: close\r\n\r\n")
		wantStatus(t, "without the site's name: "+target, a, http.StatusMisdirectedRequest)
	}
	if up.Calls.Load() != calls {
		t.Error("the application was asked")
	}
}
