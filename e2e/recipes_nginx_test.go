package e2e

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/doccode"
)

func TestRecipeBehindNginx(t *testing.T) {
	s := newRecipe(t)
	port := freePort(t)
	s.runRecipe(doccode.Recipe(t, "nginx in front", "caddyfile"), port)
	s.runNginx(doccode.Recipe(t, "nginx in front", "nginx").Text, "127.0.0.1:8080", "127.0.0.1:"+port)
	docs := s.origin("docs")

	b := newPerson(t)
	const target = "/deep/page?x=1&y=%C3%A9t%C3%A9"
	b.enter(docs+target, "dinum")
	b.see("site")
	if got := b.where(); got != docs+target {
		t.Errorf("the login leads to %s", got)
	}
	checkSessionCookie(t, s, b)
	b.click("#logout")
	b.see("logged-out")
	b.visit(docs + "/")
	b.see("login")

	// Hidden files stay hidden; what the gate answers is not.
	for path, want := range map[string]int{"/.git/config": http.StatusNotFound, "/x/.env": http.StatusNotFound, "/.proconnect/session": http.StatusUnauthorized, "/.well-known/x": http.StatusUnauthorized} {
		if got := s.send(t, http.MethodGet, docs+path); got.StatusCode != want {
			t.Errorf("%s: got %d, want %d", path, got.StatusCode, want)
		}
	}
	// Headers of 12 kB, the application's and ours, are more than nginx takes by default.
	s.upstream.answer("/large", http.Header{"X-Large": {strings.Repeat("x", 12_000)}})
	b.enterAgain(docs+"/large", "dinum")
	if got := b.where(); got != docs+"/large" || b.text("#uri") != "/large" {
		t.Errorf("an answer with large headers: %s", b.shown())
	}
	// What clients write about themselves changes nothing.
	got := s.send(t, http.MethodGet, docs+"/x", "Accept", "text/html", "X-Forwarded-Proto", "http", "X-Forwarded-Host", "evil.example", "X-Forwarded-For", "127.0.0.1")
	if got.StatusCode != http.StatusUnauthorized || !strings.Contains(got.body, `data-page="login"`) {
		t.Errorf("with forged headers: got %d %s", got.StatusCode, got.body)
	}
}

// enterAgain visits an address and passes by ProConnect, which may know the person still.
func (b *tab) enterAgain(address, person string) {
	b.t.Helper()
	b.visit(address)
	b.see("login")
	b.click(".proconnect-button")
	if b.seeAny("site", "provider-login") == "provider-login" {
		b.loginAs(person)
		b.see("site")
	}
}

func TestRecipeAuthRequest(t *testing.T) {
	for _, login := range []string{"page", "auto", "silent"} {
		t.Run("login "+login, func(t *testing.T) { testAuthRequest(t, login) })
	}
}

// wantShut asks for all kinds of addresses as strangers: nothing of the site is shown, whoever
// they look like: a browser that the gate sends on its way by a page of its own, a script,
// a program.
func (s *stack) wantShut(t *testing.T) {
	t.Helper()
	docs := s.origin("docs")
	for who, headers := range map[string][]string{
		"a browser":            {"Accept", "text/html", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-Site", "none"},
		"an old browser":       {"Accept", "text/html"},
		"a script":             {"Accept", "*/*", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Sec-Fetch-Site", "same-origin"},
		"a program":            {},
		"a frame":              {"Accept", "text/html", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Site", "same-origin"},
		"loaded ahead":         {"Accept", "text/html", "Sec-Purpose", "prefetch"},
		"who forges an answer": {"X-Person", "admin", "X-User", "admin", "X-Original-URI", "/auth-request"},
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions} {
			for _, path := range []string{"/", "/x?y=1", "/auth-request", "/auth-request/x", "//auth-request", "/.proconnect/../x", "/.proconnect/nothing", "/.proconnectx"} {
				got := s.send(t, method, docs+path, headers...)
				if strings.Contains(got.body, `data-page="site"`) || strings.Contains(got.body, `"URI"`) {
					t.Fatalf("%s: %s %s: got %d, the site", who, method, path, got.StatusCode)
				}
			}
		}
	}
	if s.upstream.count() > 0 {
		t.Fatalf("strangers reached the site: %+v", s.upstream.seen)
	}
}

// nginx takes every 2xx for a yes. Without the headers that make a program of the question,
// the gate answers a person, by pages that go on by themselves and are no 2xx.
func TestRecipeAuthRequestOfAPerson(t *testing.T) {
	s := newRecipe(t)
	port := freePort(t)
	recipe := doccode.Recipe(t, "The gate as nginx's auth_request", "caddyfile")
	recipe.Text = strings.Replace(recipe.Text, "allow roles", "login auto\nallow roles", 1)
	s.runRecipe(recipe, port)
	server := doccode.Recipe(t, "The gate as nginx's auth_request", "nginx").Text
	for _, line := range []string{`proxy_set_header Accept "*/*";`, "proxy_set_header Sec-Fetch-Mode cors;", "proxy_set_header Sec-Fetch-Dest empty;", `proxy_set_header Upgrade-Insecure-Requests "";`} {
		if !strings.Contains(server, line) {
			t.Errorf("the question lacks %s", line)
		}
		server = strings.ReplaceAll(server, line, "")
	}
	s.runNginx(server, "127.0.0.1:8081", "127.0.0.1:"+port)
	s.wantShut(t)
}

// wantOwnAddress comes with a code that somebody made up, from another address than people:
// it is held against that one, and neither against nginx's, which all have, nor against
// what the client says.
func (s *stack) wantOwnAddress(t *testing.T) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.origin("docs")+"/.proconnect/callback?code=x&state=y", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	transport := s.transport()
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
		return d.DialContext(ctx, network, "127.0.0.1:"+s.port)
	}
	res, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	eventually(t, "the address that the code came from, in the log", func() bool {
		return strings.Contains(s.caddy.lines.String(), `"client_ip":"127.0.0.2"`)
	})
	if strings.Contains(s.caddy.lines.String(), `"client_ip":"203.0.113.9"`) {
		t.Error("the log believes the client's own X-Forwarded-For")
	}
}

func testAuthRequest(t *testing.T, login string) {
	s := newRecipe(t)
	port := freePort(t)
	recipe := doccode.Recipe(t, "The gate as nginx's auth_request", "caddyfile")
	recipe.Text = strings.Replace(recipe.Text, "allow roles", "login "+login+"\nallow roles", 1)
	s.runRecipe(recipe, port)
	s.runNginx(doccode.Recipe(t, "The gate as nginx's auth_request", "nginx").Text, "127.0.0.1:8081", "127.0.0.1:"+port)
	docs := s.origin("docs")

	s.wantShut(t)
	script := s.send(t, http.MethodGet, docs+"/api?x=1", "Accept", "*/*", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Sec-Fetch-Site", "same-origin", "Referer", docs+"/page?a=1")
	if script.StatusCode != http.StatusUnauthorized || !strings.Contains(script.body, `return_to=%2Fpage%3Fa%3D1`) {
		t.Errorf("a script: got %d %s", script.StatusCode, script.body)
	}
	if got := s.send(t, http.MethodGet, docs+"/auth-request"); got.StatusCode != http.StatusNotFound {
		t.Errorf("the question is asked from outside: got %d", got.StatusCode)
	}

	b := newPerson(t)
	const target = "/deep/page?x=1&y=%C3%A9t%C3%A9"
	if b.visit(docs + target); login != "auto" {
		b.see("login")
		b.click(".proconnect-button")
	}
	b.loginAs("dinum")
	b.see("site")
	if got := b.where(); got != docs+target {
		t.Errorf("the login leads to %s", got)
	}
	seen := s.upstream.last(t, target)
	if person := seen.Header.Get("X-User"); len(person) < 16 {
		t.Errorf("the site hears of %q", person)
	}
	b.submitForm("/save?id=1")
	eventually(t, "a form at the site", func() bool { return len(s.upstream.got("/save?id=1")) == 1 })
	cookie := b.cookieHeader(docs + "/")
	forged := s.send(t, http.MethodGet, docs+"/x", "Cookie", cookie, "X-User", "admin", "X-Person", "admin", "Accept", "application/json")
	if got := s.upstream.last(t, "/x").Header.Get("X-User"); forged.StatusCode != http.StatusOK || got != seen.Header.Get("X-User") {
		t.Errorf("forged: got %d, and the site hears of %q", forged.StatusCode, got)
	}
	if got := forged.Header.Get("Cache-Control"); got != "private, no-cache" {
		t.Errorf("Cache-Control of the site: %q", got)
	}

	b.visit(docs + "/x")
	b.see("site")
	b.click("#logout")
	b.see("logged-out")
	if got := s.send(t, http.MethodGet, docs+"/x", "Cookie", cookie); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("after the logout: got %d", got.StatusCode)
	}
	// Whom the rules refuse.
	refused := newPerson(t)
	refused.visit(docs + "/.proconnect/login?return_to=/x")
	refused.loginAs("private")
	refused.see("refused")

	s.wantOwnAddress(t)

	s.caddy.stop()
	if got := s.send(t, http.MethodGet, docs+"/x", "Cookie", cookie); got.StatusCode != http.StatusInternalServerError {
		t.Errorf("without Caddy: got %d", got.StatusCode)
	}
}
