package site_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
	"github.com/caddy-proconnect/caddy-proconnect/internal/waits"
)

// dateBack moves the one confirmation of a session of a provider's client.
func dateBack(t *testing.T, p *caddytest.Provider, b *caddytest.Browser, ago time.Duration) {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(caddytest.SessionSecret)
	if err != nil {
		t.Fatal(err)
	}
	box, name := seal.NewKeyring(key).Box("session", p.URL, caddytest.ClientID), cookieOf(b, "proconnect")
	plain, err := box.Open(t.Context(), b.Cookie(name), b.Home().Host)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := box.Seal(t.Context(), begun(time.Now().Add(-ago))([]byte(plain)), b.Home().Host)
	if err != nil {
		t.Fatal(err)
	}
	b.Plant(name, sealed)
}

// eventually opens a page until it is answered as wanted: what is asked in the background
// takes a moment.
func eventually(b *caddytest.Browser, target string, wanted func(caddytest.Answer) bool) (a caddytest.Answer) {
	b.T.Helper()
	for until := time.Now().Add(time.Minute); time.Now().Before(until); {
		if a = b.Visit(target); wanted(a) {
			return a
		}
	}
	b.T.Fatalf("in the end: %d to %q, page %q", a.StatusCode, a.RedirectURL(), a.Page())
	return a
}

// While ProConnect does not answer, people work on for the grace; then pages say so, and
// are there again once it answers.
func TestRenewalWhileProConnectIsDown(t *testing.T) {
	p := caddytest.NewProvider(t)
	option := strings.Replace(p.Option(), "session {", "session {\n renew 1h", 1)
	s := caddytest.Start(t, option, renewingSite)
	b := s.Browser("http://localhost:{$PORT}")
	b.LoginAt("/")
	p.Down()
	s.Reload(b, option+"\n grace_period 1s", renewingSite) // this process has asked nothing yet

	dateBack(t, p, b, 90*time.Minute)
	for range 5 {
		if a := b.Visit("/"); a.Text != "inside Camille eidas1" {
			t.Fatalf("in the grace: %d to %q, page %q", a.StatusCode, a.RedirectURL(), a.Page())
		}
	}
	dateBack(t, p, b, 3*time.Hour)
	a := eventually(b, "/docs", func(a caddytest.Answer) bool { return a.Page() == "problem renewal_unavailable" })
	if a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" || !strings.Contains(a.Text, `href="/docs"`) {
		t.Errorf("after it: %d, Retry-After %q", a.StatusCode, a.Header.Get("Retry-After"))
	}
	if a := b.Visit("/api", fetchHeaders...); a.StatusCode != http.StatusUnauthorized || !strings.Contains(a.Text, "#renewal_required") {
		t.Errorf("a script: %d %s", a.StatusCode, a.Text)
	}
	p.Up(t)
	a = eventually(b, "/docs", func(a caddytest.Answer) bool { return a.StatusCode == http.StatusSeeOther })
	if a = b.Follow(a); a.Text != "inside Camille eidas1" {
		t.Errorf("when it is back: %d, page %q", a.StatusCode, a.Page())
	}
}

// Nobody is sent to a ProConnect that has not answered lately, though it was there before:
// who goes to one that is down meets an error of the browser's, and the page that they
// wanted would have been there. It is asked in the background, and the page goes on.
func TestRenewalWaitsUntilProConnectAnswers(t *testing.T) {
	caddytest.Shorten(t, &waits.Fresh, time.Nanosecond)
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, strings.Replace(p.Option(), "session {", "session {\n renew 1h", 1), renewingSite)
	b := s.Browser("http://localhost:{$PORT}")
	b.LoginAt("/")
	dateBack(t, p, b, 90*time.Minute)
	before := p.Calls()["discovery"]
	eventually(b, "/", func(a caddytest.Answer) bool {
		if a.Text != "inside Camille eidas1" {
			t.Fatalf("got %d to %q, page %q", a.StatusCode, a.RedirectURL(), a.Page())
		}
		return p.Calls()["discovery"] > before
	})
	p.Down()
	if a := b.Visit("/"); a.Text != "inside Camille eidas1" {
		t.Errorf("while it is down: %d to %q, page %q", a.StatusCode, a.RedirectURL(), a.Page())
	}
}

// A step-up that is answered while a renewal of before waits for ProConnect stays: the
// renewal's answer was made of the session without it.
func TestRenewalDoesNotOverwriteAStepUp(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, strings.Replace(p.Option(), "session {", "session {\n renew 1h", 1), `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	proconnect /admin/* {
		allow mfa
	}
	respond "inside {http.auth.user.acr}"
}`)
	b := s.Browser("http://localhost:{$PORT}")
	b.LoginAt("/")
	dateBack(t, p, b, 90*time.Minute)
	callback := b.Visit(b.Visit("/docs").RedirectURL()).RedirectURL()
	p.Exchanging = make(chan chan struct{})
	answers := func(a string) chan caddytest.Answer {
		done := make(chan caddytest.Answer)
		go func() { done <- b.Visit(a) }()
		return done
	}
	renewal := answers(callback)
	renewed := <-p.Exchanging
	p.Mu.Lock()
	p.ACR = "eidas1-mfa"
	p.Mu.Unlock()
	a := b.Visit("/.proconnect/login?return_to=/admin/x&acr_values=eidas0-mfa+eidas1-mfa+eidas2+eidas3")
	stepUp := answers(b.Visit(a.RedirectURL()).RedirectURL())
	close(<-p.Exchanging)
	if a := <-stepUp; a.StatusCode != http.StatusSeeOther {
		t.Fatalf("the step-up: %d, page %q", a.StatusCode, a.Page())
	}
	p.Mu.Lock()
	p.ACR = "eidas1"
	p.Mu.Unlock()
	close(renewed)
	if a := <-renewal; a.StatusCode != http.StatusSeeOther || !strings.HasSuffix(a.RedirectURL(), "/docs") {
		t.Errorf("the renewal: %d to %q, page %q", a.StatusCode, a.RedirectURL(), a.Page())
	}
	if a := b.Visit("/admin/x"); a.Text != "inside eidas1 eidas1-mfa" {
		t.Errorf("the step-up is lost: %d to %q %s", a.StatusCode, a.RedirectURL(), a.Page())
	}
}

// Only what ProConnect says at the callback of a person ends their session: what the token
// endpoint refuses is between it and the site.
func TestRenewalThatTheTokenEndpointRefuses(t *testing.T) {
	for _, code := range []string{"login_required", "access_denied"} {
		t.Run(code, func(t *testing.T) {
			p := caddytest.NewProvider(t)
			s := caddytest.Start(t, strings.Replace(p.Option(), "session {", "session {\n renew 1h", 1), renewingSite)
			b := s.Browser("http://localhost:{$PORT}")
			b.LoginAt("/")
			dateBack(t, p, b, 90*time.Minute)
			p.Behave(caddytest.Misconduct{Reply: map[string]func(*caddytest.Reply){"token": func(r *caddytest.Reply) {
				r.Status, r.Body = http.StatusBadRequest, `{"error":"`+code+`"}`
			}}})
			b.Visit(renewing(b, "/docs"))
			if a := b.Visit("/docs"); a.Text != "inside Camille eidas1" {
				t.Errorf("got %d to %q, page %q", a.StatusCode, a.RedirectURL(), a.Page())
			}
		})
	}
}
