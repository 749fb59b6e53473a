package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A frame may be small, and anybody's page may stand around it: what stands in it
// names nobody, has no button of ours to steal a click for, and leads out.
//
// The case: "a refusal or an error in a frame of the same site; a frame on another site".
func TestFramesGetASmallPage(t *testing.T) {
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
	member := s.Browser("http://localhost:{$PORT}")
	member.Login("/", url.Values{"person": {"commune"}})
	stranger := s.Browser("http://localhost:{$PORT}")
	top, tab := `target="_top"`, `target="_blank" rel="noopener"`
	for _, tt := range []struct {
		name         string
		who          *caddytest.Browser
		method, path string
		site         string
		status       int
		kind, link   string
		target       string
	}{
		{"a login", stranger, "GET", "/x?y=1", "same-origin", 401, "login", "/.proconnect/login?return_to=%2Fx%3Fy%3D1", top},
		{"a login, in a sibling's page", stranger, "GET", "/x", "same-site", 401, "login", "/.proconnect/login?return_to=%2Fx", top},
		{"a login, by its endpoint", stranger, "GET", "/.proconnect/login?return_to=%2Fx", "same-origin", 401, "login", "/.proconnect/login?return_to=%2Fx", top},
		{"a form", stranger, "POST", "/x", "same-origin", 401, "login", "/.proconnect/login?return_to=%2F", top},
		{"a refusal", member, "GET", "/admin/x?y=1", "same-origin", 403, "refused", "/admin/x?y=1", top},
		{"a refusal of a form", member, "POST", "/admin/x", "same-origin", 403, "refused", "/page", top},
		{"an error", stranger, "GET", "/.proconnect/nothing", "same-origin", 404, "not_found", "/", top},
		{"a failed callback", stranger, "GET", "/.proconnect/callback?code=x&state=y", "same-origin", 400, "attempt_unknown", "/", top},
		{"a logout", member, "GET", "/.proconnect/logout", "same-origin", 403, "bad_request", "/", top},
		{"another site's frame", stranger, "GET", "/x?y=1", "cross-site", 401, "abroad", "/x?y=1", tab},
		{"a form in another site's frame", stranger, "POST", "/x", "cross-site", 401, "abroad", "/", tab},
		{"another site's frame, by the endpoint", stranger, "GET", "/.proconnect/login?return_to=%2Fx", "cross-site", 401, "abroad", "/x", tab},
		{"another site's frame that holds the cookie all the same", member, "GET", "/admin/x", "cross-site", 403, "abroad", "/admin/x", tab},
	} {
		for _, dest := range []string{"iframe", "frame", "embed", "object", "fencedframe"} {
			t.Run(tt.name+" "+dest, func(t *testing.T) {
				tt.who.T = t
				headers := []string{"Sec-Fetch-Dest", dest, "Sec-Fetch-Site", tt.site}
				var form url.Values
				if tt.method == http.MethodPost {
					form = url.Values{}
					if tt.site == "same-origin" && tt.who == member {
						headers = append(headers, "Referer", member.Base+"/page")
					}
				}
				a := tt.who.Request(tt.method, tt.path, form, headers...)
				if a.StatusCode != tt.status || a.Page() != "framed" || !strings.Contains(a.Text, `data-framed="`+tt.kind+`"`) {
					t.Errorf("got %d, page %q: %s", a.StatusCode, a.Page(), a.Text)
				}
				if want := `href="` + tt.link + `" ` + tt.target; !strings.Contains(a.Text, want) || strings.Contains(a.Text, "<form") {
					t.Errorf("want %s in %s", want, a.Text)
				}
				_, body, _ := strings.Cut(a.Text, "</head>")
				if strings.Contains(body, "Exemple") || strings.Contains(body, "@") || strings.Contains(body, "/logout") {
					t.Errorf("the person is named, or can be logged out: %s", a.Text)
				}
				if strings.Contains(a.Header.Get("Content-Security-Policy"), "frame-ancestors") {
					t.Error("the page cannot be seen in its frame")
				}
			})
		}
	}
}

// A form that another site sends comes without the session, which is alive: the
// person is told so, and gets on by a link. Nothing of the form is sent again.
//
// The case: "a POST navigation from another site with a live session (the `Lax` cookie
// stays away)".
func TestFormOfAnotherSite(t *testing.T) {
	_, _, b := loggedIn(t)
	cookies := b.Cookies()
	for _, tt := range []struct {
		name    string
		headers []string
		page    string
	}{
		{"another site's", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://other.example"}, "form-withheld"},
		{"another site's, without a referrer", []string{"Sec-Fetch-Site", "cross-site", "Origin", "null"}, "form-withheld"},
		{"another site's, of an old browser", with(noMetadata, "Origin", "https://other.example"), "form-withheld"},
		{"this site's", []string{"Sec-Fetch-Site", "same-origin", "Origin", "HOME"}, "form-lost"},
		{"a sibling's", []string{"Sec-Fetch-Site", "same-site", "Origin", "http://blog.localhost"}, "form-lost"},
		{"this site's, of an old browser", with(noMetadata, "Origin", "HOME"), "form-lost"},
		{"of an old browser that sends no Origin", noMetadata, "form-lost"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b.T, b.Jar = t, nil // as browsers do with a Lax cookie
			headers := with(tt.headers)
			for i := range headers {
				headers[i] = strings.Replace(headers[i], "HOME", b.Base, 1)
			}
			a := b.Request(http.MethodPost, "/save?id=1", url.Values{"text": {"a letter"}}, headers...)
			if a.StatusCode != http.StatusUnauthorized || a.Page() != tt.page || strings.Contains(a.Text, "<form") || strings.Contains(a.Text, "a letter") {
				t.Fatalf("got %d, page %q: %s", a.StatusCode, a.Page(), a.Text)
			}
			if tt.page != "form-withheld" {
				return
			}
			if !strings.Contains(a.Text, `href="/save?id=1"`) || strings.Contains(a.Text, "/login") || strings.Contains(a.Text, "session était terminée") {
				t.Errorf("got %s", a.Text)
			}
			if a := b.Visit("/save?id=1", "Cookie", cookies); !strings.HasPrefix(a.Text, "inside") {
				t.Errorf("the link: got %d, page %q", a.StatusCode, a.Page())
			}
		})
	}
}

// Whoever opened one of our pages in a window of theirs holds on to nothing of it.
func TestPagesHaveNoOpener(t *testing.T) {
	s, _, b := loggedIn(t)
	stranger := s.Browser(b.Base)
	for page, a := range map[string]caddytest.Answer{
		"login":                   stranger.Visit("/"),
		"form-lost":               stranger.Request(http.MethodPost, "/", url.Values{}),
		"problem attempt_unknown": stranger.Visit("/.proconnect/callback?code=x&state=y"),
		"problem not_found":       stranger.Visit("/.proconnect/nothing"),
		"logout":                  b.Visit("/.proconnect/logout", "Sec-Fetch-Site", "none"),
		"logged-out":              stranger.Visit("/.proconnect/logged-out"),
	} {
		if got := a.Header.Get("Cross-Origin-Opener-Policy"); a.Page() != page || got != "same-origin" {
			t.Errorf("%s: got page %q, Cross-Origin-Opener-Policy %q", page, a.Page(), got)
		}
	}
}
