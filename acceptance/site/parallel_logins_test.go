package site_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

const autoSite = `
http://localhost:{$PORT} {
	proconnect {
		allow any
		login auto
	}
	proconnect /admin/* {
		allow mfa
	}
	respond "inside {path}"
}`

// atOnce has a browser ask for pages at the same moment, each in a tab of its own.
func atOnce(b *caddytest.Browser, paths []string) []caddytest.Answer {
	answers := make([]caddytest.Answer, len(paths))
	sent := b.Jar.Cookies(b.Home()) // by all of them: none waits for another's answer
	var together sync.WaitGroup
	for i, path := range paths {
		together.Go(func() {
			client := *b.Client
			client.Jar, _ = cookiejar.New(nil)
			client.Jar.SetCookies(b.Home(), sent)
			tab := caddytest.Browser{Client: &client, T: b.T, Base: b.Base}
			answers[i] = tab.Request(http.MethodGet, path, nil)
		})
	}
	together.Wait()
	for _, a := range answers {
		b.Jar.SetCookies(b.Home(), a.Cookies())
	}
	return answers
}

// goOnAtOnce has tabs go on from the page that keeps the fragment of their address.
func goOnAtOnce(b *caddytest.Browser, tabs []caddytest.Answer) []caddytest.Answer {
	b.T.Helper()
	var next []string
	for i, a := range tabs {
		if a.StatusCode != http.StatusUnauthorized || a.Page() != "departing" || !strings.HasPrefix(a.Header.Get("Refresh"), "0; url=/.proconnect/login?") {
			b.T.Fatalf("tab %d: %d, page %q, Refresh %q", i, a.StatusCode, a.Page(), a.Header.Get("Refresh"))
		}
		next = append(next, a.RefreshURL())
	}
	return atOnce(b, next)
}

func thirty(prefix string) (paths []string) {
	for i := range 30 {
		paths = append(paths, prefix+strconv.Itoa(i)+"?"+strings.Repeat("q", 1000))
	}
	return paths
}

// away counts the tabs that are on their way to ProConnect, and returns the last of them.
func away(t *testing.T, answers []caddytest.Answer, others string) (gone caddytest.Answer, n int) {
	t.Helper()
	for i, a := range answers {
		switch {
		case strings.Contains(a.Header.Get("Location"), "/authorize?"):
			gone, n = a, n+1
		case a.Page() != others || a.RefreshURL() == "":
			t.Errorf("tab %d: %d to %q, page %q", i, a.StatusCode, a.Header.Get("Location"), a.Page())
		}
	}
	return gone, n
}

// A browser restores thirty tabs. Passes at the same time kill one another at ProConnect,
// so one tab goes there, and the others find the session when it is there.
//
// The case: "30 tabs that start a login at the same moment (a restored browser), also
// for a step-up, also with 1 kB targets, also with two clients on the host and 6 kB of
// the site's own cookies"
func TestTabsThatABrowserRestores(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, autoSite)
	ministry := url.Values{"person": {"ministry"}}
	for name, known := range map[string]bool{"without a secret": false, "with a secret": true} {
		t.Run(name, func(t *testing.T) {
			b := s.Browser("http://localhost:{$PORT}")
			b.T = t
			if known {
				b.Request(http.MethodGet, "/", nil)
			}
			paths := thirty("/page/")
			answers := atOnce(b, paths)
			if !known {
				var next []string
				for i, a := range answers {
					if a.StatusCode != http.StatusUnauthorized || a.Page() != "departing" || !strings.HasPrefix(a.Header.Get("Refresh"), "1; url=/.proconnect/login?") {
						t.Fatalf("tab %d: %d, page %q, Refresh %q", i, a.StatusCode, a.Page(), a.Header.Get("Refresh"))
					}
					next = append(next, a.RefreshURL())
				}
				for i, a := range atOnce(b, next) {
					if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != paths[i] {
						t.Fatalf("tab %d goes on to %d, %q", i, a.StatusCode, a.Header.Get("Location"))
					}
				}
				answers = atOnce(b, paths)
			}
			answers = goOnAtOnce(b, answers)
			gone, n := away(t, answers, "waiting")
			if n != 1 {
				t.Fatalf("%d tabs go to ProConnect", n)
			}
			wantArrival(t, b, paths, answers, b.Request(http.MethodPost, gone.RedirectURL(), ministry), "inside /page/")
		})
	}
	t.Run("for a level", func(t *testing.T) {
		b := s.Browser("http://localhost:{$PORT}")
		b.T = t
		b.Login("/", ministry)
		paths := thirty("/admin/")
		answers := goOnAtOnce(b, atOnce(b, paths))
		gone, n := away(t, answers, "waiting")
		if n != 1 {
			t.Fatalf("%d tabs go to ProConnect", n)
		}
		wantArrival(t, b, paths, answers, b.Request(http.MethodPost, gone.RedirectURL(), url.Values{"person": {"ministry"}, "acr": {"eidas1-mfa"}}), "inside /admin/")
	})
}

// wantArrival wants each waiting tab to go on waiting while the one is away, and on its
// own page when that one is back.
func wantArrival(t *testing.T, b *caddytest.Browser, paths []string, answers []caddytest.Answer, back caddytest.Answer, text string) {
	t.Helper()
	for i, a := range answers {
		if a.Page() != "waiting" {
			continue
		}
		if again := b.Request(http.MethodGet, a.RefreshURL(), nil); again.Page() != "waiting" || again.RefreshURL() != a.RefreshURL() {
			t.Fatalf("tab %d does not wait: %d, page %q", i, again.StatusCode, again.Page())
		}
		break
	}
	if a := b.Visit(back.RedirectURL()); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("the login ends at %d, page %q", a.StatusCode, a.Page())
	}
	for i, a := range answers {
		if a.Page() == "waiting" {
			a = b.Request(http.MethodGet, a.RefreshURL(), nil)
			if a.Header.Get("Location") != paths[i] {
				t.Errorf("tab %d goes on to %d, %q", i, a.StatusCode, a.Header.Get("Location"))
			}
		}
		if a := b.Request(http.MethodGet, paths[i], nil); !strings.HasPrefix(a.Text, text) {
			t.Errorf("tab %d ends at %d, page %q", i, a.StatusCode, a.Page())
		}
	}
}

// A click always goes, also from a page that waits.
func TestClickWhileAnotherTabIsAway(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, autoSite)
	b := s.Browser("http://localhost:{$PORT}")
	first := b.Visit("/one")
	second := b.Visit("/two")
	if first.StatusCode != http.StatusSeeOther || second.Page() != "waiting" || !strings.HasPrefix(second.Header.Get("Refresh"), "2; url=/") {
		t.Fatalf("got %d, page %q and %q", first.StatusCode, first.Page(), second.Page())
	}
	clicked := b.Visit(loginLink(second, t))
	if !strings.Contains(clicked.Header.Get("Location"), "/authorize?") {
		t.Fatalf("the click leads to %d, page %q", clicked.StatusCode, clicked.Page())
	}
	if a := b.Authorize(clicked, url.Values{"person": {"ministry"}}); a.Text != "inside /two" {
		t.Errorf("it ends at %d, page %q", a.StatusCode, a.Page())
	}
	if a := b.Authorize(first, url.Values{"person": {"ministry"}}); a.Text != "inside /one" {
		t.Errorf("the first tab ends at %d, page %q", a.StatusCode, a.Page())
	}
	if a := b.Visit("/.proconnect/login?step=wait&since=1&return_to=/one"); a.Header.Get("Location") != "/one" {
		t.Errorf("a tab that waited for long ends at %d, page %q", a.StatusCode, a.Page())
	}
	stranger := s.Browser(b.Base)
	stranger.Request(http.MethodGet, "/", nil)
	for _, since := range []string{"1", "x", "99999999999"} {
		if a := stranger.Visit("/.proconnect/login?step=wait&return_to=/one&since=" + since); a.Page() != "waiting" || a.Header.Get("Refresh") != "" {
			t.Errorf("since %s: page %q, Refresh %q", since, a.Page(), a.Header.Get("Refresh"))
		}
	}
}

// A browser that refuses cookies is told so before it is sent to ProConnect, whether a
// click leads there or not.
func TestCookiesRefusedBeforeProConnect(t *testing.T) {
	for name, tt := range map[string]struct{ login, target, page string }{
		"the button": {"page", "/x", "login"}, "without a click": {"auto", "/x", "departing"},
		"a link of the site's": {"page", "/.proconnect/login?return_to=/x", "departing"},
	} {
		t.Run(name, func(t *testing.T) {
			login, page := tt.login, tt.page
			s := caddytest.Start(t, caddytest.Sandbox, caddytest.GatedBy("allow any; login "+login))
			b := s.Browser("http://localhost:{$PORT}")
			b.Jar = nil
			a := b.Request(http.MethodGet, tt.target, nil, "Sec-Fetch-User", "?1")
			if a.Page() != page || len(a.Cookies()) != 1 || a.Header.Get("Cross-Origin-Opener-Policy") != "same-origin" {
				t.Fatalf("got %d, page %q, cookies %v", a.StatusCode, a.Page(), a.Cookies())
			}
			next := a.RefreshURL()
			if page == "login" {
				next = loginLink(a, t)
			}
			if a = b.Request(http.MethodGet, next, nil); a.StatusCode != http.StatusUnauthorized || a.Page() != "problem cookies_refused" || a.Header.Get("Refresh") != "" {
				t.Errorf("got %d, page %q", a.StatusCode, a.Page())
			}
		})
	}
}

// The secret of a browser is for people who look at a page.
func TestSecretIsForPeople(t *testing.T) {
	for _, login := range []string{"page", "auto"} {
		s := caddytest.Start(t, caddytest.Sandbox, caddytest.GatedBy("allow any; login "+login))
		b := s.Browser("http://localhost:{$PORT}")
		for _, target := range []string{"/x", "/.proconnect/login", "/.proconnect/login?step=go", "/.proconnect/login?step=wait", "/.proconnect/callback?code=x&state=y"} {
			for name, a := range map[string]caddytest.Answer{
				"HEAD": b.Request(http.MethodHead, target, nil), "prefetch": b.Request(http.MethodGet, target, nil, "Sec-Purpose", "prefetch"),
				"frame": b.Request(http.MethodGet, target, nil, "Sec-Fetch-Dest", "iframe"), "program": b.Request(http.MethodGet, target, nil, fetchHeaders...),
				"form": b.Request(http.MethodPost, target, url.Values{}),
			} {
				if len(a.Cookies()) > 0 || a.Header.Get("Refresh") != "" {
					t.Errorf("login %s, %s, %s: cookies %v, Refresh %q", login, target, name, a.Cookies(), a.Header.Get("Refresh"))
				}
			}
		}
		if a := b.Request(http.MethodGet, "/x", nil); len(a.Cookies()) != 1 || b.FindCookie("_browser") == nil {
			t.Errorf("login %s: a person is given %v", login, a.Cookies())
		}
		kept := b.FindCookie("_browser").Value
		if b.Request(http.MethodGet, "/x", nil); b.FindCookie("_browser").Value != kept {
			t.Errorf("login %s: the secret is replaced while it is good", login)
		}
	}
}

// Nor does the way back from a logout give it to a frame or a program, on which no login
// would begin.
func TestSecretAfterALogoutIsForPeople(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, logoutSite)
	for name, headers := range map[string][]string{"frame": {"Sec-Fetch-Dest", "iframe"}, "program": fetchHeaders, "a person": nil} {
		b := s.Browser("http://localhost:{$PORT}")
		back := switching(b, t)
		a := b.Visit(back, headers...)
		if given := b.FindCookie("_browser") != nil; given != (headers == nil) || given != (a.StatusCode == http.StatusSeeOther) {
			t.Errorf("%s: %d, page %q, cookies %v", name, a.StatusCode, a.Page(), a.Cookies())
		}
	}
}

// Two servers on one host, at two ports, whose cookies a browser sends to both: whoever
// logs in or out at one stays what they are at the other.
func TestPortsDoNotShareSessions(t *testing.T) {
	other := caddytest.FreePort(t)
	s := caddytest.Start(t, caddytest.Sandbox, strings.ReplaceAll(logoutSite+strings.ReplaceAll(logoutSite, "{$PORT}", "OTHER"), "OTHER", other))
	one := s.Browser("http://localhost:{$PORT}")
	two := one.For(t)
	two.Base = "http://localhost:" + other
	one.Login("/", url.Values{"person": {"ministry"}})
	two.Login("/", url.Values{"person": {"commune"}})
	for _, b := range []*caddytest.Browser{one, two} {
		if a := b.Visit("/"); a.StatusCode != http.StatusOK {
			t.Errorf("%s: %d, page %q", b.Base, a.StatusCode, a.Page())
		}
	}
	stolen := one.Cookie("proconnect")
	if got := worth(s, two, two.Named("proconnect")+"="+stolen); got != http.StatusUnauthorized {
		t.Errorf("a session of the other port is worth %d", got)
	}
	two.Follow(two.Visit("/.proconnect/logout"))
	if a := one.Visit("/"); a.StatusCode != http.StatusOK {
		t.Errorf("the logout at the other port: %d, page %q", a.StatusCode, a.Page())
	}
}
