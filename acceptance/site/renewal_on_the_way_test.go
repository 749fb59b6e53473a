package site_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// Within the grace nobody is sent round by ProConnect who would not come back to just the
// address that was asked for: a state has no room for a long query, and of some addresses
// nobody is sent back to.
func TestRenewalLosesNoAddress(t *testing.T) {
	s := caddytest.Start(t, renewingSandbox, strings.Replace(renewingSite, "respond \"inside", "respond \"{uri} inside", 1))
	for _, target := range []string{"/search?q=" + strings.Repeat("x", 600), "//docs?page=2"} {
		if a := confirmed(s, t, 90*time.Minute).Visit(target); a.Text != target+" inside Camille eidas1" {
			t.Errorf("%.30s: %d to %q", target, a.StatusCode, a.RedirectURL())
		}
	}
	b := confirmed(s, t, 90*time.Minute)
	a := b.Follow(b.Visit(renewing(b, "/search?q="+strings.Repeat("x", 400))))
	if !strings.HasSuffix(a.Text, "xxx inside Camille eidas1") {
		t.Errorf("what has room: %d %s", a.StatusCode, a.Text)
	}
}

// ProConnect may show a page of its own and send nobody back. Whoever comes back by
// themselves goes on in the grace, and does not meet that page again at once.
func TestRenewalThatDoesNotComeBack(t *testing.T) {
	s := caddytest.Start(t, renewingSandbox, renewingSite)
	b := confirmed(s, t, 90*time.Minute)
	renewing(b, "/docs")
	drop := func(name string) {
		b.Jar.SetCookies(b.Home(), []*http.Cookie{{Name: cookieOf(b, "proconnect") + name, Path: "/", MaxAge: -1}})
	}
	landed := func() { // the time is over for which a tab is believed to be at ProConnect
		drop("_busy")
		s.Restart(renewingSandbox, renewingSite)
		another := confirmed(s, t, 90*time.Minute) // whom ProConnect answers
		eventually(another, "/", func(a caddytest.Answer) bool { return a.StatusCode == http.StatusSeeOther })
	}
	landed()
	if a := b.Visit("/docs"); a.Text != "inside Camille eidas1" {
		t.Errorf("back at the site: %d to %q", a.StatusCode, a.RedirectURL())
	}
	drop("_renew")
	renewing(b, "/docs") // when it was put off for long enough
	landed()
	confirmedAgo(b, 3*time.Hour)
	renewing(b, "/docs") // and when the grace is over
}

// Nobody passes by ProConnect without a click by a request that somebody else could send
// again (TLS early data), or in a browser that just came back from there several times.
func TestRenewalIsNotBegunByEarlyDataOrInALoop(t *testing.T) {
	s := caddytest.Start(t, renewingSandbox, renewingSite+silentSiteAt("http://silent.localhost:{$PORT}"))
	stranger := func(t *testing.T) *caddytest.Browser {
		b := s.Browser("http://silent.localhost:{$PORT}").For(t)
		b.Visit("/.proconnect/login")
		b.Jar.SetCookies(b.Home(), []*http.Cookie{{Name: cookieOf(b, "proconnect") + "_busy", Path: "/", MaxAge: -1}})
		s.Restart(renewingSandbox, renewingSite+silentSiteAt("http://silent.localhost:{$PORT}"))
		return b
	}
	for name, tt := range map[string]struct {
		rounds  string
		headers []string
		overdue string
	}{
		"early data": {"0", []string{"Early-Data", "1"}, "problem too_early"}, "a loop": {"3", nil, "problem login_failed"},
	} {
		t.Run(name, func(t *testing.T) {
			visit := func(b *caddytest.Browser) caddytest.Answer {
				b.Plant(cookieOf(b, "proconnect")+"_rounds", tt.rounds)
				return b.Visit("/", tt.headers...)
			}
			if a := visit(confirmed(s, t, 90*time.Minute)); a.Text != "inside Camille eidas1" {
				t.Errorf("in the grace: %d to %q", a.StatusCode, a.RedirectURL())
			}
			if a := visit(confirmed(s, t, 3*time.Hour)); a.Page() != tt.overdue {
				t.Errorf("after it: %d to %q, page %q", a.StatusCode, a.RedirectURL(), a.Page())
			}
			if a := visit(stranger(t)); a.Page() != "login" {
				t.Errorf("a silent login: %d to %q, page %q", a.StatusCode, a.RedirectURL(), a.Page())
			}
		})
	}
}

// silentSiteAt is a site that asks strangers silently.
func silentSiteAt(address string) string {
	return "\n" + address + " {\n proconnect {\n allow any\n login silent\n }\n respond inside\n }"
}
