package site_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A script's login leads back to the page that it runs on: the address that it asked
// for may answer JSON. And never to another site, whatever headers say.
func TestLoginLeadsBackToThePage(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	proconnect /admin/* {
		allow roles agent_public_etat
	}
	respond "inside"
}`)
	b := s.Browser("http://localhost:{$PORT}")
	htmx := with(fetchHeaders, "HX-Request", "true")
	for _, tt := range []struct {
		name         string
		method, path string
		headers      []string
		back         string // where the login leads back to
		htmx         bool
	}{
		{"a fetch", "GET", "/api/x", with(fetchHeaders, "Referer", b.Base+"/page?y=1"), "/page?y=1", false},
		{"a fetch that posts", "POST", "/api/x", with(fetchHeaders, "Referer", b.Base+"/page"), "/page", false},
		{"a fetch without a referrer", "GET", "/api/x", fetchHeaders, "/", false},
		{"a fetch of another site", "GET", "/api/x", with(fetchHeaders, "Sec-Fetch-Site", "cross-site", "Referer", "https://other.example/page"), "/", false},
		{"a referrer that begins like us", "GET", "/api/x", with(fetchHeaders, "Referer", b.Base+".evil.example/page"), "/", false},
		{"a referrer that leads away", "GET", "/api/x", with(fetchHeaders, "Referer", b.Base+"//evil.example/"), "/", false},
		{"a referrer of ours", "GET", "/api/x", with(fetchHeaders, "Referer", b.Base+"/.proconnect/logout"), "/", false},
		{"curl", "GET", "/api/x", with(noMetadata, "Accept", "*/*"), "/", false},
		{"the session's endpoint", "GET", "/.proconnect/session", with(fetchHeaders, "Referer", b.Base+"/page"), "/page", false},
		{"a page loaded ahead", "GET", "/page", []string{"Sec-Purpose", "prefetch", "Referer", b.Base + "/other"}, "/page", false},
		{"htmx", "GET", "/part", with(htmx, "HX-Current-URL", b.Base+"/page?y=1#part"), "/page?y=1#part", true},
		{"htmx, posting", "POST", "/part", with(htmx, "HX-Current-URL", b.Base+"/page", "Referer", b.Base+"/before"), "/page", true},
		{"htmx, of a page elsewhere", "GET", "/part", with(htmx, "HX-Current-URL", "https://evil.example/page"), "/", true},
		{"htmx, of an old browser", "GET", "/part", with(noMetadata, "HX-Request", "true", "Accept", "text/html, */*", "Referer", b.Base+"/page"), "/page", true},
		{"htmx, of a script's address", "GET", "/part", with(htmx, "HX-Current-URL", "javascript:alert(1)"), "/", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b.T = t
			var form url.Values
			if tt.method == http.MethodPost {
				form = url.Values{}
			}
			a := b.Request(tt.method, tt.path, form, tt.headers...)
			want := "/.proconnect/login?return_to=" + url.QueryEscape(tt.back)
			var doc struct {
				LoginURL string `json:"login_url"`
			}
			if err := json.Unmarshal([]byte(a.Text), &doc); err != nil || a.StatusCode != http.StatusUnauthorized || doc.LoginURL != want {
				t.Errorf("got %d, %s (%v), want %s", a.StatusCode, a.Text, err, want)
			}
			if got := a.Header.Get("HX-Redirect"); got != map[bool]string{true: want}[tt.htmx] {
				t.Errorf("HX-Redirect: %q", got)
			}
		})
	}

	// A part that its page loads by itself is refused each time: sent elsewhere for
	// it, nobody could use the page. A link that somebody followed is another thing.
	b.T = t
	b.Login("/", url.Values{"person": {"commune"}})
	part := with(htmx, "HX-Current-URL", b.Base+"/page")
	for _, tt := range []struct {
		name, method string
		headers      []string
		want         string
	}{
		{"a part", "GET", part, ""},
		{"a form", "POST", with(part, "HX-Boosted", "true"), ""},
		{"a link", "GET", with(part, "HX-Boosted", "true"), "/admin/x?y=1"},
		{"no htmx", "GET", with(fetchHeaders, "HX-Boosted", "true"), ""},
	} {
		t.Run("refused, "+tt.name, func(t *testing.T) {
			b.T = t
			a := b.Request(tt.method, "/admin/x?y=1", nil, tt.headers...)
			if got := a.Header.Get("HX-Redirect"); a.StatusCode != http.StatusForbidden || got != tt.want {
				t.Errorf("got %d, HX-Redirect %q", a.StatusCode, got)
			}
			if tt.want == "" {
				return
			}
			if a := b.Visit(tt.want); a.Page() != "refused" {
				t.Errorf("it leads to page %q", a.Page())
			}
		})
	}
}

// On a page whose links htmx follows (hx-boost), the link that logs out is one of them:
// the page is led there, as by a link. What a page loads by itself is not.
func TestBoostedLogout(t *testing.T) {
	s, _, b := loggedIn(t)
	htmx := with(fetchHeaders, "HX-Request", "true", "HX-Current-URL", b.Base+"/page")
	boosted := with(htmx, "HX-Boosted", "true")
	const logout = "/.proconnect/logout?then=login&return_to=%2Fy"
	for _, tt := range []struct {
		name, method string
		headers      []string
		want         string
	}{
		{"a link", http.MethodGet, boosted, logout},
		{"a form", http.MethodPost, boosted, logout},
		{"a part", http.MethodGet, htmx, ""},
		{"no htmx", http.MethodGet, with(fetchHeaders, "HX-Boosted", "true"), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := b.Request(tt.method, logout, nil, tt.headers...)
			if got := a.Header.Get("HX-Redirect"); a.StatusCode != http.StatusForbidden || got != tt.want || len(a.Cookies()) != 0 {
				t.Errorf("got %d, led to %q, want %q", a.StatusCode, got, tt.want)
			}
		})
	}
	session := b.Cookie("proconnect")
	if a := b.Visit(logout); a.StatusCode != http.StatusSeeOther || worth(s, b, b.Named("proconnect")+"="+session) != http.StatusUnauthorized {
		t.Errorf("there: %d, page %q", a.StatusCode, a.Page())
	}
}

// What is asked of our endpoints stands in the address that the browser asked for. A
// rewrite in front of the gate, to an application's only script, say, drops it.
func TestEndpointsReadTheQueryAsItWasAsked(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, p.Option(), `
http://localhost:{$PORT} {
	route {
		rewrite * /index.php?page={path}
		proconnect {
			allow any
		}
		respond "inside {http.request.orig_uri}"
	}
}`)
	b := s.Browser("http://localhost:{$PORT}")
	if a := b.LoginAt("/x?a=b"); a.StatusCode != http.StatusOK || a.Text != "inside /x?a=b" {
		t.Fatalf("after the login: %d, page %q: %s", a.StatusCode, a.Page(), a.Text)
	}
	a := b.Visit("/.proconnect/logout?then=login&return_to=%2Fy")
	if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.RedirectURL(), p.URL) {
		t.Fatalf("the logout: %d, page %q", a.StatusCode, a.Page())
	}
	end, err := url.Parse(a.RedirectURL())
	if err != nil {
		t.Fatal(err)
	}
	back := end.Query().Get("post_logout_redirect_uri") + "?state=" + url.QueryEscape(end.Query().Get("state"))
	if a = b.Follow(b.Visit(back)); a.Text != "inside /y" {
		t.Errorf("after another login: %d, page %q: %s", a.StatusCode, a.Page(), a.Text)
	}
}
