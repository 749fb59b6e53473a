package recipes_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/doccode"
)

// grafana plays Grafana's auth.proxy by the file that the recipe shows.
func grafana(t *testing.T, ini string) *httptest.Server {
	t.Helper()
	option := func(name string) string {
		m := regexp.MustCompile(`(?m)^` + name + ` = (.+)$`).FindStringSubmatch(ini)
		if m == nil {
			t.Fatalf("grafana.ini has no %s", name)
		}
		return m[1]
	}
	if option("enabled") != "true" || option("whitelist") != "127.0.0.1, ::1" || option("http_addr") != "127.0.0.1" {
		t.Error("Grafana believes headers from elsewhere")
	}
	further := strings.Fields(option("headers"))
	u := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user := r.Header.Get(option("header_name"))
		if user == "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, "login=%s", user)
		for _, h := range further {
			property, header, _ := strings.Cut(h, ":")
			fmt.Fprintf(w, "\n%s=%s", property, strings.Join(r.Header.Values(header), "|"))
		}
	}))
	t.Cleanup(u.Close)
	return u
}

func TestGrafana(t *testing.T) {
	g := grafana(t, doccode.Recipe(t, "Grafana, by headers", "ini").Text)
	s := start(t, doccode.Recipe(t, "Grafana, by headers", "caddyfile"), sandbox, g.Listener.Addr().String(), nil)
	b := s.Browser(site("grafana"))
	forged := []string{"X-WEBAUTH-SUB", "admin", "X-WEBAUTH-NAME", "Admin", "X-WEBAUTH-EMAIL", "admin@localhost", "X-WEBAUTH-ROLE", "Admin"}
	wantStatus(t, "a stranger who says to be admin", b.Visit("/api/user", append(forged, "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Accept", "*/*")...), http.StatusUnauthorized)

	b.Login("/", form("ministry", "given_name", "Zoë"))
	var doc struct {
		Sub string `json:"sub"`
	}
	if err := json.Unmarshal([]byte(b.Visit("/.proconnect/session").Text), &doc); err != nil || doc.Sub == "" {
		t.Fatalf("no session: %v", err)
	}
	want := "login=" + doc.Sub + "\nName=Zoë Exemple\nEmail=camille.exemple@test.proconnect.gouv.fr"
	for _, headers := range [][]string{nil, forged, {"x_webauth_sub", "admin"}, {"Connection", "X-WEBAUTH-SUB"}} {
		if a := b.Visit("/", headers...); a.Text != want {
			t.Errorf("with %q Grafana sees %q, want %q", headers, a.Text, want)
		}
	}
}

func TestMetabase(t *testing.T) {
	up := caddytest.Echo(t)
	s := start(t, doccode.Recipe(t, "Metabase, with its public shares open", "caddyfile"), sandbox, up.Addr(), nil)
	b := s.Browser(site("metabase"))
	const share = "5f3c1f0e-6a0b-4f63-9a43-0c3b2b0a9d11"
	for _, open := range []string{"/public/dashboard/" + share, "/api/public/dashboard/" + share, "/app/dist/app.js", "/api/session/properties"} {
		wantStatus(t, open, b.Visit(open), http.StatusOK)
	}
	calls := up.Calls.Load()
	for _, closed := range []string{
		"/", "/dashboard/1", "/api/dashboard/1", "/api/session", "/api/session/properties/x", "/embed/dashboard/token", "/api/publication", "/public", "/PUBLIC/x", "/apps/x",
		"//public/../api/user", "/public/../api/user", "/public/%2e%2e/api/user", "/public%2f..%2fapi/user", "/public;/x", "/api/public%2f..%2f..%2fapi/user",
	} {
		if a := s.Ask("metabase.example.gouv.localhost", closed); a.StatusCode != http.StatusUnauthorized && a.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: got %d", closed, a.StatusCode)
		}
	}
	if up.Calls.Load() != calls {
		t.Error("the application was asked for what is closed")
	}
	wantStatus(t, "an agent", b.Login("/dashboard/1", form("ministry")), http.StatusOK)
}

// asScript are the headers of a page's own fetch.
var asScript = []string{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Accept", "*/*"}

// The script itself runs in Chromium: e2e.
func TestSinglePageApplication(t *testing.T) {
	up := caddytest.Echo(t)
	s := start(t, doccode.Recipe(t, "A single-page application and its API", "caddyfile"), sandbox, up.Addr(),
		map[string]string{"app/index.html": "the application", "app/app.js": "its script"})
	app := site("app")
	b := s.Browser(app)
	if a := b.Visit("/people/12"); a.Page() != "login" {
		t.Errorf("a deep link, without a session: got %d, page %q", a.StatusCode, a.Page())
	}
	a := b.Visit("/api/x", append(asScript, "Referer", s.Fill(app)+"/people/12?tab=2")...)
	var doc struct {
		LoginURL string `json:"login_url"`
	}
	if err := json.Unmarshal([]byte(a.Text), &doc); err != nil || a.StatusCode != http.StatusUnauthorized || a.Header.Get("WWW-Authenticate") != "ProConnect" {
		t.Fatalf("the API: got %d %v %s", a.StatusCode, a.Header, a.Text)
	}
	if a := b.Authorize(b.Visit(doc.LoginURL), form("ministry")); a.Text != "the application" || a.Request.URL.RequestURI() != "/people/12?tab=2" {
		t.Errorf("login_url leads to %s: %d %q", a.Request.URL, a.StatusCode, a.Text)
	}
	if got := b.Visit("/api/x", asScript...).Received(t); got.URI != "/api/x" {
		t.Errorf("the API got %q", got.URI)
	}
}

// With the scripts themselves: e2e.
func TestPartsThatLoadByThemselves(t *testing.T) {
	up := caddytest.Echo(t)
	s := start(t, doccode.Recipe(t, "htmx and Turbo", "caddyfile"), sandbox, up.Addr(), nil)
	app := site("app")
	b := s.Browser(app)
	a := b.Visit("/part", append(asScript, "HX-Request", "true", "HX-Current-URL", s.Fill(app)+"/list?page=2")...)
	if to := a.Header.Get("HX-Redirect"); a.StatusCode != http.StatusUnauthorized || !strings.Contains(to, "return_to=%2Flist%3Fpage%3D2") {
		t.Errorf("htmx: got %d, HX-Redirect %q", a.StatusCode, to)
	}
	if swap := a.Header.Get("HX-Reswap"); swap != "none" {
		t.Errorf("htmx may put the answer into the page: HX-Reswap %q", swap)
	}
	a = b.Visit("/page", append(asScript, "Accept", "text/html, application/xhtml+xml", "X-Turbo-Request-Id", "x")...)
	if a.StatusCode != http.StatusUnauthorized || a.Header.Get("Content-Type") != "application/problem+json" || a.Header.Get("HX-Reswap") != "" {
		t.Errorf("Turbo: got %d of %s", a.StatusCode, a.Header.Get("Content-Type"))
	}
	b.Login("/", form("commune"))
	if got := b.Visit("/part", append(asScript, "HX-Request", "true")...).Received(t); got.URI != "/part" {
		t.Errorf("the application got %q", got.URI)
	}
}

func TestPagesOfTheSitesOwn(t *testing.T) {
	html := doccode.Recipe(t, "Pages of your own for refusals and errors", "html").Text
	s := start(t, doccode.Recipe(t, "Pages of your own for refusals and errors", "caddyfile"), sandbox, "", map[string]string{
		"docs/index.html": "of the site", "docs/403.html": "of the site", "errors/403.html": html, "errors/404.html": "no such page",
	})
	b := s.Browser(site("docs"))
	a := b.Login("/", form("commune", "usual_name", `<b>"x"</b>&{{env "HOME"}}`))
	for _, want := range []string{"21920023500014", `href="/.proconnect/logout?then=login`} {
		if !strings.Contains(a.Text, want) {
			t.Errorf("the page does not hold %q:\n%s", want, a.Text)
		}
	}
	for _, bad := range []string{"of the site", "<b>", "{{", `"x"`} {
		if strings.Contains(a.Text, bad) {
			t.Errorf("the page holds %q:\n%s", bad, a.Text)
		}
	}
	if a.StatusCode != http.StatusForbidden || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %d, Cache-Control %q", a.StatusCode, a.Header.Get("Cache-Control"))
	}
	if a := b.Visit("/403.html"); strings.Contains(a.Text, "of the site") || a.StatusCode == http.StatusOK {
		t.Errorf("the site's own file: got %d %q", a.StatusCode, a.Text)
	}
	if a := as(s, site("docs"), "/nothing", "ministry"); a.StatusCode != http.StatusNotFound || a.Text != "no such page" {
		t.Errorf("the site's own 404: got %d %q", a.StatusCode, a.Text)
	}
}
