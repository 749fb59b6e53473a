package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// What the browsers send of a navigation that a service worker sends on, as it is
// (`e.respondWith(fetch(e.request))`) or made anew with options.
var (
	workerSentOn  = []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "empty", "Sec-Fetch-Site", "same-origin"}
	workerMadeNew = []string{"Sec-Fetch-Mode", "same-origin", "Sec-Fetch-Dest", "empty", "Sec-Fetch-Site", "same-origin", "Upgrade-Insecure-Requests", "1"}
)

// Behind a service worker people get pages and logins as without one; scripts and
// what stands in a page do not.
//
// The case: "a navigation through a service worker: `Sec-Fetch-Dest: empty` with
// `Sec-Fetch-Mode: navigate`, or `same-origin` with `Upgrade-Insecure-Requests: 1` and
// `Accept: text/html`; the endpoint `login` so too".
func TestServiceWorkerNavigations(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond "inside"
}
http://auto.localhost:{$PORT} {
	proconnect {
		allow any
		login auto
	}
	respond "inside"
}`)
	const person, frame, program = "login", "framed", ""
	for _, tt := range []struct {
		name    string
		headers []string
		want    string // the page
	}{
		{"no worker", nil, person},
		{"sent on", workerSentOn, person},
		{"made anew", workerMadeNew, person},
		{"sent on, caused by another site", with(workerSentOn, "Sec-Fetch-Site", "cross-site"), person},
		{"made anew for cors", with(workerMadeNew, "Sec-Fetch-Mode", "cors"), person},
		{"a frame", []string{"Sec-Fetch-Dest", "iframe"}, frame},
		{"a fetch", with(workerMadeNew, "Upgrade-Insecure-Requests", ""), program},
		{"a fetch of JSON", with(workerMadeNew, "Accept", "application/json"), program},
		{"a fetch of another origin", with(workerMadeNew, "Sec-Fetch-Site", "same-site"), program},
		{"an XHR", with(workerMadeNew, "X-Requested-With", "XMLHttpRequest"), program},
		{"htmx", with(workerMadeNew, "HX-Request", "true"), program},
		{"an image", with(workerMadeNew, "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"), program},
		{"loaded ahead", with(workerSentOn, "Sec-Purpose", "prefetch"), program},
		{"a destination nobody knows", []string{"Sec-Fetch-Dest", "webidentity"}, program},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := s.Browser("http://localhost:{$PORT}")
			b.T = t
			a := b.Visit("/x", tt.headers...)
			if a.StatusCode != http.StatusUnauthorized || a.Page() != tt.want {
				t.Errorf("the gate: got %d, page %q", a.StatusCode, a.Page())
			}
			auto, login := s.Browser("http://auto.localhost:{$PORT}").Visit("/x", tt.headers...), b.Visit("/.proconnect/login?return_to=%2Fx", tt.headers...)
			want := map[string]int{person: http.StatusSeeOther, frame: http.StatusUnauthorized, program: http.StatusUnauthorized}[tt.want]
			if tt.name == "loaded ahead" {
				if login.StatusCode != http.StatusMethodNotAllowed || auto.StatusCode != want {
					t.Errorf("login auto: got %d; the endpoint: got %d", auto.StatusCode, login.StatusCode)
				}
				return
			}
			if auto.StatusCode != want || login.StatusCode != want {
				t.Errorf("login auto: got %d; the endpoint: got %d; want %d", auto.StatusCode, login.StatusCode, want)
			}
		})
	}
}

// A service worker makes another site's link or form look like our own, cookies and
// all. So nothing with an empty destination logs out by itself: it leads to the page
// that asks, and only what that page holds lets its form log out.
func TestServiceWorkerLogsNobodyOut(t *testing.T) {
	s, _, b := loggedIn(t)
	session := b.Cookie("proconnect")
	other := s.Browser(b.Base)
	other.LoginAt("/")
	foreign := logoutToken(t, other.Visit("/.proconnect/logout", workerSentOn...))
	for _, tt := range []struct {
		name, method string
		headers      []string
		token        string
	}{
		{"a link", "GET", workerSentOn, ""},
		{"a link, made anew", "GET", workerMadeNew, ""},
		{"a link without a mode", "GET", []string{"Sec-Fetch-Mode", ""}, ""},
		{"a form", "POST", workerSentOn, ""},
		{"a form, made anew", "POST", workerMadeNew, ""},
		{"a form with garbage", "POST", workerSentOn, "x"},
		{"a form with the token of another session", "POST", workerSentOn, foreign},
		{"a form with the session's own cookie", "POST", workerSentOn, session},
		{"a form, with the Origin of this site", "POST", with(workerSentOn, "Origin", "HOME"), ""},
		{"an old browser's form", "POST", with(noMetadata, "Origin", "HOME"), ""},
		{"an old browser's form without Origin", "POST", noMetadata, ""},
		{"a form whose site says none", "POST", []string{"Sec-Fetch-Site", "none"}, ""},
		{"another site's form with a token", "POST", with(workerSentOn, "Sec-Fetch-Site", "cross-site"), "OWN"},
		{"an old browser's form of another site with a token", "POST", with(noMetadata, "Origin", "https://evil.example"), "OWN"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b.T = t
			headers := with(tt.headers)
			for i := range headers {
				headers[i] = strings.Replace(headers[i], "HOME", b.Base, 1)
			}
			token := tt.token
			if token == "OWN" {
				token = logoutToken(t, b.Visit("/.proconnect/logout", workerSentOn...))
			}
			var form url.Values
			if tt.method == http.MethodPost {
				form = url.Values{"token": {token}}
			}
			a := b.Request(tt.method, "/.proconnect/logout", form, headers...)
			if a.StatusCode != http.StatusOK || a.Page() != "logout" || len(a.Cookies()) != 0 || a.Header.Get("Clear-Site-Data") != "" {
				t.Errorf("got %d, page %q, cookies %v", a.StatusCode, a.Page(), a.Cookies())
			}
			if worth(s, b, b.Named("proconnect")+"="+session) != http.StatusOK {
				t.Fatal("the session is over")
			}
			logoutToken(t, a) // the way on
		})
	}
	for _, headers := range [][]string{workerSentOn, workerMadeNew, with(noMetadata, "Origin", b.Base), nil} {
		t.Run("the form of the page "+strings.Join(headers, " "), func(t *testing.T) {
			b := s.Browser(b.Base)
			b.T = t
			b.LoginAt("/")
			session := b.Cookie("proconnect")
			form := url.Values{"token": {logoutToken(t, b.Visit("/.proconnect/logout", workerSentOn...))}}
			a := b.Request(http.MethodPost, "/.proconnect/logout", form, headers...)
			if a.Page() != "leaving" || worth(s, b, b.Named("proconnect")+"="+session) != http.StatusUnauthorized {
				t.Errorf("got %d, page %q", a.StatusCode, a.Page())
			}
		})
	}
}

// logoutToken is what the form of the confirmation page brings back.
func logoutToken(t *testing.T, a caddytest.Answer) string {
	t.Helper()
	_, rest, ok := strings.Cut(a.Text, `name="token" value="`)
	token, _, _ := strings.Cut(rest, `"`)
	if !ok || a.Page() != "logout" || len(token) < 40 {
		t.Fatalf("no token on page %q: %s", a.Page(), a.Text)
	}
	return token
}
