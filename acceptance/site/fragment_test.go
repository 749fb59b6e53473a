package site_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// asScript is an address as the script of a page makes it, which adds the fragment to
// where a login comes back to.
func asScript(t *testing.T, address, fragment string) string {
	t.Helper()
	u, err := url.Parse(strings.ReplaceAll(address, "&amp;", "&"))
	if err != nil || !u.Query().Has("return_to") {
		t.Fatalf("no return target in %s", address)
	}
	q := u.Query()
	q.Set("return_to", q.Get("return_to")+fragment)
	u.RawQuery = q.Encode()
	return u.String()
}

// The fragment of an address is where it was after a login: from the page with the button,
// without a click, and for another level. No server sees it: a page of ours has to be
// there, with the script, whatever the login is for.
func TestFragmentSurvivesALogin(t *testing.T) {
	const fragment = "#/dossiers/12?tab=%C3%A9tat"
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect /page/* {
		allow any
	}
	proconnect /auto/* {
		allow any
		login auto
	}
	proconnect /mfa/* {
		allow mfa
		login auto
	}
	respond "inside {path}"
}`)
	mfa := url.Values{"person": {"mfa"}}
	for name, way := range map[string]func(b *caddytest.Browser) (login, target string){
		"page": func(b *caddytest.Browser) (string, string) {
			_, link, _ := strings.Cut(b.Visit("/page/x?y=1").Text, `<a class="proconnect-button" href="`)
			link, _, _ = strings.Cut(link, `"`)
			return link, "/page/x?y=1"
		},
		"auto, of a browser without a secret": func(b *caddytest.Browser) (string, string) {
			first := b.Request(http.MethodGet, "/auto/x", nil)
			back := b.Request(http.MethodGet, asScript(b.T.(*testing.T), first.RefreshURL(), fragment), nil)
			if back.Header.Get("Location") != "/auto/x"+fragment {
				b.T.Fatalf("the page that gives the secret leads to %q", back.Header.Get("Location"))
			}
			return b.Request(http.MethodGet, "/auto/x", nil).RefreshURL(), "/auto/x"
		},
		"auto": func(b *caddytest.Browser) (string, string) {
			b.Visit("/page/")
			return b.Request(http.MethodGet, "/auto/x", nil).RefreshURL(), "/auto/x"
		},
		"another level": func(b *caddytest.Browser) (string, string) {
			b.Login("/page/", url.Values{"person": {"ministry"}})
			return b.Request(http.MethodGet, "/mfa/x", nil).RefreshURL(), "/mfa/x"
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := s.Browser("http://localhost:{$PORT}").For(t)
			login, target := way(b)
			a := b.Request(http.MethodGet, asScript(t, login, fragment), nil)
			if !strings.Contains(a.Header.Get("Location"), "/authorize?") || strings.Contains(a.Header.Get("Location"), "dossiers") {
				t.Fatalf("%d to %q, page %q", a.StatusCode, a.Header.Get("Location"), a.Page())
			}
			a = b.Request(http.MethodPost, a.RedirectURL(), mfa)
			a = b.Request(http.MethodGet, a.RedirectURL(), nil)
			if a.Page() == "person-changed" {
				_, link, _ := strings.Cut(a.Text, `<a class="button" href="`)
				if link, _, _ = strings.Cut(link, `"`); link != target+fragment {
					t.Fatalf("the page that names two people leads to %s", link)
				}
				return
			}
			if got := a.Header.Get("Location"); a.StatusCode != http.StatusSeeOther || got != target+fragment {
				t.Errorf("%d to %q, page %q", a.StatusCode, got, a.Page())
			}
		})
	}
}

// The page that keeps the fragment leads on once: whoever came to a session meanwhile, in
// another tab, goes to the page that was asked for, and whom that page sends back goes to
// ProConnect.
func TestFragmentPageGoesOnOnce(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, "http://localhost:{$PORT} {\n proconnect {\n allow any\n login auto\n }\n respond inside\n}")
	b := s.Browser("http://localhost:{$PORT}")
	b.Visit("/")
	page := b.Request(http.MethodGet, "/x", nil)
	if page.Page() != "departing" || !strings.Contains(page.RefreshURL(), "step=auto") {
		t.Fatalf("page %q to %q", page.Page(), page.RefreshURL())
	}
	b.Login("/", url.Values{"person": {"ministry"}})
	before, after := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	for since, target := range map[time.Time]string{before: "/x", after: "/.proconnect/sandbox/authorize"} {
		u, _ := url.Parse(page.RefreshURL())
		q := u.Query()
		q.Set("since", strconv.FormatInt(since.Unix(), 10))
		u.RawQuery = q.Encode()
		a := b.Request(http.MethodGet, u.String(), nil)
		if got, _ := url.Parse(a.Header.Get("Location")); a.StatusCode != http.StatusSeeOther || got.Path != target {
			t.Errorf("of a page made %v: %d to %q, page %q", since, a.StatusCode, a.Header.Get("Location"), a.Page())
		}
	}
	if a := s.Browser(b.Base).Request(http.MethodGet, page.RefreshURL(), nil); a.Page() != "problem cookies_refused" {
		t.Errorf("a browser that keeps no cookies: %d, page %q", a.StatusCode, a.Page())
	}
}
