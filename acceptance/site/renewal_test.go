package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

const renewingSandbox = "proconnect {\n environment sandbox\n session {\n secret " + caddytest.SessionSecret + "\n lifetime 12h\n renew 1h\n }\n }"

const renewingSite = `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond "inside {http.auth.user.given_name} {http.auth.user.acr}"
}`

// confirmed is a browser whose session ProConnect confirmed so long ago.
func confirmed(s *caddytest.Server, t *testing.T, ago time.Duration) *caddytest.Browser {
	t.Helper()
	b := s.Browser("http://localhost:{$PORT}").For(t)
	b.Login("/", url.Values{"person": {"ministry"}})
	confirmedAgo(b, ago)
	return b
}

// confirmedAgo dates back the session of a browser, which had no other confirmation than
// its first login.
func confirmedAgo(b *caddytest.Browser, ago time.Duration) {
	b.T.Helper()
	t := b.T.(*testing.T)
	name := cookieOf(b, "proconnect")
	b.Plant(name, resealed(t, b.Cookie(name), b.Home().Host, begun(time.Now().Add(-ago))))
}

// cookieOf is the name of a cookie of ours at a browser's site, whose port is not the
// scheme's own.
func cookieOf(b *caddytest.Browser, base string) string { return base + "_" + b.Home().Port() }

// renewing follows the way to ProConnect of a page that was asked for, and returns the
// callback's address that it answers.
func renewing(b *caddytest.Browser, target string) (callback string) {
	b.T.Helper()
	a := b.Visit(target)
	to, err := url.Parse(a.RedirectURL())
	if err != nil || a.StatusCode != http.StatusSeeOther {
		b.T.Fatalf("want a pass by ProConnect, got %d, page %q: %s", a.StatusCode, a.Page(), a.Text)
	}
	query := to.Query()
	if query.Get("prompt") != "none" || query.Has("idp_hint") || query.Has("login_hint") || query.Has("siret_hint") || strings.Contains(query.Get("claims"), "essential") {
		b.T.Errorf("it is no bare prompt=none: %s", to)
	}
	return b.Visit(a.RedirectURL()).RedirectURL()
}

// answering is a callback's address with an error in the place of what ProConnect said.
func answering(callback, code string) string {
	u, _ := url.Parse(callback)
	q := u.Query()
	q.Del("code")
	q.Set("error", code)
	u.RawQuery = q.Encode()
	return u.String()
}

// A session that is due is confirmed by the next page: of the same family, its first
// login kept, and what was proven too.
func TestRenewalConfirmsTheSession(t *testing.T) {
	s := caddytest.Start(t, renewingSandbox, renewingSite)
	for name, ago := range map[string]time.Duration{"in the grace": 90 * time.Minute, "after the grace": 3 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			b := confirmed(s, t, ago)
			before := expiresIn(b, ago)
			a := b.Visit(renewing(b, "/docs?page=2"))
			if got := strings.TrimPrefix(a.RedirectURL(), b.Base); got != "/docs?page=2" {
				t.Fatalf("it leads to %q: %d, page %q", got, a.StatusCode, a.Page())
			}
			for range 2 { // and the next page is not sent there again
				if a := b.Visit("/docs?page=2"); a.Text != "inside Camille eidas1" {
					t.Fatalf("got %d, page %q", a.StatusCode, a.Page())
				}
			}
			if after := expiresAt(b); after.Sub(before).Abs() > time.Minute {
				t.Errorf("the lifetime changed: it ends at %s, before at %s", after, before)
			}
		})
	}
}

// expiresIn is when a session of a lifetime of 12 hours ends that began so long ago.
func expiresIn(_ *caddytest.Browser, ago time.Duration) time.Time {
	return time.Now().Add(12*time.Hour - ago)
}

// What is no page that somebody opens goes on in the grace, and is told after it.
func TestRenewalOfProgramsAndForms(t *testing.T) {
	s := caddytest.Start(t, renewingSandbox, renewingSite)
	form := url.Values{"x": {"1"}}
	tests := []struct {
		name    string
		ask     func(b *caddytest.Browser) caddytest.Answer
		overdue string // the page or the type of the problem, after the grace
	}{
		{"a script", func(b *caddytest.Browser) caddytest.Answer { return b.Visit("/", fetchHeaders...) }, "renewal_required"},
		{"the session endpoint", func(b *caddytest.Browser) caddytest.Answer { return b.Visit("/.proconnect/session", fetchHeaders...) }, "renewal_required"},
		{"a form", func(b *caddytest.Browser) caddytest.Answer { return b.Request(http.MethodPost, "/", form) }, "form-lost"},
		{"HEAD", func(b *caddytest.Browser) caddytest.Answer { return b.Request(http.MethodHead, "/", nil) }, ""},
		{"a prefetch", func(b *caddytest.Browser) caddytest.Answer { return b.Visit("/", "Sec-Purpose", "prefetch") }, "renewal_required"},
		{"a frame", func(b *caddytest.Browser) caddytest.Answer { return b.Visit("/", "Sec-Fetch-Dest", "iframe") }, "framed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := confirmed(s, t, 90*time.Minute)
			if a := tt.ask(b); a.StatusCode != http.StatusOK {
				t.Errorf("in the grace: %d, page %q", a.StatusCode, a.Page())
			}
			b = confirmed(s, t, 2*time.Hour+time.Second)
			a := tt.ask(b)
			if a.StatusCode != http.StatusUnauthorized || a.Page() != tt.overdue && !strings.Contains(a.Text, "#"+tt.overdue) {
				t.Errorf("after it: %d, page %q: %s", a.StatusCode, a.Page(), a.Text)
			}
			if strings.Contains(a.Text, "inside") {
				t.Error("the site is shown")
			}
		})
	}
}

// Every answer of ProConnect's has a next step, and none leads back there at once.
func TestRenewalAnswers(t *testing.T) {
	s := caddytest.Start(t, renewingSandbox, renewingSite)
	tests := []struct {
		code           string
		grace, overdue string // the page at the end of the way; empty: the one that was asked for
		ended          bool
	}{
		{"login_required", "login", "login", true},
		{"interaction_required", "login", "login", true},
		{"consent_required", "login", "login", true},
		{"account_selection_required", "login", "login", true},
		{"access_denied", "problem provider_refused", "problem provider_refused", true},
		{"invalid_scope", "", "problem misconfigured", false},
		{"server_error", "", "problem provider_failed", false},
		{"temporarily_unavailable", "", "problem provider_failed", false},
		{"unauthorized_client", "", "problem misconfigured", false},
		{"made_up", "", "problem misconfigured", false},
	}
	for _, tt := range tests {
		for ago, want := range map[time.Duration]string{90 * time.Minute: tt.grace, 3 * time.Hour: tt.overdue} {
			t.Run(tt.code+" after "+ago.String(), func(t *testing.T) {
				b := confirmed(s, t, ago)
				copied := b.Cookies()
				a := b.Visit(answering(renewing(b, "/docs"), tt.code))
				if next := a.RedirectURL(); next != "" {
					if a = b.Visit(next); a.StatusCode == http.StatusSeeOther {
						t.Errorf("the page leads back to ProConnect at once: %s", a.RedirectURL())
					}
				}
				if a.Page() != want || want == "" && a.Text != "inside Camille eidas1" {
					t.Errorf("got %d, page %q: %s", a.StatusCode, a.Page(), a.Text)
				}
				if want == "login" && !strings.Contains(a.Text, `return_to=%2Fdocs&`) {
					t.Error("the login leads elsewhere")
				}
				if got := worth(s, b, copied); tt.ended != (got == http.StatusUnauthorized) && ago < 2*time.Hour {
					t.Errorf("the copied session is worth %d, ended: %t", got, tt.ended)
				}
				if a := b.Visit("/docs"); want == "" && a.StatusCode != http.StatusOK {
					t.Errorf("the page after that: %d, page %q", a.StatusCode, a.Page())
				}
			})
		}
	}
}

// Where ProConnect has just said that nobody is logged in there, it is not asked again
// silently for the login that takes the session's place.
func TestRenewalInVainIsNotAskedAgainSilently(t *testing.T) {
	s := caddytest.Start(t, renewingSandbox, strings.Replace(renewingSite, "allow any", "allow any\n\t\tlogin silent", 1))
	b := confirmed(s, t, 90*time.Minute)
	a := b.Visit(answering(renewing(b, "/docs"), "login_required"))
	if a = b.Visit(a.RedirectURL()); a.Page() != "login" {
		t.Errorf("got %d to %q, page %q", a.StatusCode, a.RedirectURL(), a.Page())
	}
}

// An answer that a stranger made up, or one that belongs to a session of before, ends
// nothing and confirms nothing.
func TestRenewalAnswersOfStrangers(t *testing.T) {
	s := caddytest.Start(t, renewingSandbox, renewingSite)
	victim := func(t *testing.T) *caddytest.Browser { return confirmed(s, t, 90*time.Minute) }
	t.Run("login_required for another browser's renewal", func(t *testing.T) {
		stranger, b := victim(t), victim(t)
		forged := answering(renewing(stranger, "/docs"), "login_required")
		if a := b.Visit(forged); a.StatusCode != http.StatusSeeOther {
			t.Errorf("got %d, page %q", a.StatusCode, a.Page())
		}
		if a := b.Visit("/x", fetchHeaders...); a.Text != "inside Camille eidas1" {
			t.Errorf("the session is worth %d", a.StatusCode)
		}
	})
	t.Run("login_required without an attempt", func(t *testing.T) {
		b := victim(t)
		b.Visit("/.proconnect/callback?error=login_required&state=" + strings.Repeat("A", 210) + "&iss=https%3A%2F%2Fsandbox.invalid")
		if a := b.Visit("/x", fetchHeaders...); a.Text != "inside Camille eidas1" {
			t.Errorf("the session is worth %d", a.StatusCode)
		}
	})
	t.Run("login_required of another issuer", func(t *testing.T) {
		b := victim(t)
		b.Visit(strings.Replace(answering(renewing(b, "/docs"), "login_required"), "sandbox.invalid", "evil.invalid", 1))
		if a := b.Visit("/x", fetchHeaders...); a.Text != "inside Camille eidas1" {
			t.Errorf("the session is worth %d", a.StatusCode)
		}
	})
	t.Run("a code of another browser's renewal", func(t *testing.T) {
		stranger, b := victim(t), victim(t)
		stranger.Visit("/.proconnect/logout")
		before := b.Cookie(cookieOf(b, "proconnect"))
		b.Visit(renewing(victim(t), "/docs"))
		if b.Cookie(cookieOf(b, "proconnect")) != before {
			t.Error("the session was replaced")
		}
	})
	t.Run("a renewal whose session is gone", func(t *testing.T) {
		b := victim(t)
		callback := renewing(b, "/docs")
		name := cookieOf(b, "proconnect")
		b.Jar.SetCookies(b.Home(), []*http.Cookie{{Name: name, Path: "/", MaxAge: -1}})
		if a := b.Follow(b.Visit(callback)); a.Page() != "login" || b.Cookie(name) != "" {
			t.Errorf("got %d, page %q", a.StatusCode, a.Page())
		}
	})
	t.Run("a renewal of one family in the session of another", func(t *testing.T) {
		b, other := victim(t), victim(t)
		callback := renewing(b, "/docs")
		name := cookieOf(b, "proconnect")
		b.Plant(name, other.Cookie(name))
		if b.Visit(answering(callback, "login_required")); b.Cookie(name) == "" {
			t.Error("the session of the other family was ended")
		}
	})
}

// While another tab is at ProConnect nobody is sent there: in the grace the page goes on,
// after it the page waits and opens again by itself.
func TestRenewalWhileAnotherTabIsThere(t *testing.T) {
	s := caddytest.Start(t, renewingSandbox, renewingSite)
	b := confirmed(s, t, 90*time.Minute)
	callback := renewing(b, "/first")
	if a := b.Visit("/second"); a.Text != "inside Camille eidas1" {
		t.Errorf("in the grace: %d, page %q", a.StatusCode, a.Page())
	}
	if a := b.Follow(b.Visit(callback)); a.Text != "inside Camille eidas1" {
		t.Errorf("the first: %d, page %q", a.StatusCode, a.Page())
	}
	b = confirmed(s, t, 3*time.Hour)
	callback = renewing(b, "/first")
	a := b.Visit("/second?x=1")
	if a.Page() != "waiting" || a.Header.Get("Refresh") != "2; url=/second?x=1" {
		t.Errorf("after the grace: %d, page %q, Refresh %q", a.StatusCode, a.Page(), a.Header.Get("Refresh"))
	}
	b.Visit(callback)
	if a := b.Visit("/second?x=1"); a.Text != "inside Camille eidas1" {
		t.Errorf("when the first is back: %d, page %q", a.StatusCode, a.Page())
	}
}

// An open site sends nobody away: after the grace people are strangers there.
func TestRenewalAtAnOptionalGate(t *testing.T) {
	s := caddytest.Start(t, renewingSandbox, strings.Replace(renewingSite, "allow any", "allow any\n optional", 1))
	if a := confirmed(s, t, 90*time.Minute).Visit("/"); a.Text != "inside Camille eidas1" {
		t.Errorf("in the grace: %d %s", a.StatusCode, a.Text)
	}
	if a := confirmed(s, t, 3*time.Hour).Visit("/"); a.Text != "inside  " {
		t.Errorf("after it: %d %s", a.StatusCode, a.Text)
	}
}
