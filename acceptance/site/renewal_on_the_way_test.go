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
		s.Reload(b, renewingSandbox+"\n grace_period 1s", renewingSite)
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
