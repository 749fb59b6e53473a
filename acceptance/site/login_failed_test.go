package site_test

import (
	"context"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// failedLogin is what a browser gets when ProConnect answers a login by an error.
func failedLogin(b *caddytest.Browser, t *testing.T, p *caddytest.Provider, away caddytest.Answer, code string) caddytest.Answer {
	t.Helper()
	u, err := url.Parse(away.RedirectURL())
	if err != nil || away.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d, page %q: want a redirect to ProConnect", away.StatusCode, away.Page())
	}
	q := url.Values{"error": {code}, "iss": {p.URL}, "state": {u.Query().Get("state")}}
	return b.Visit("/.proconnect/callback?" + q.Encode())
}

// ProConnect answers login_required to normal logins of whoever has a session there
// of an identity provider that was disabled since: logging in again does not help,
// logging out does.
func TestLoginRequiredOffersAnotherAccount(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, p.Option(), logoutSite)
	b := s.Browser("http://localhost:{$PORT}")
	a := failedLogin(b, t, p, b.Visit(loginLink(b.Visit("/x"), t)), "login_required")
	if a.StatusCode != http.StatusUnauthorized || a.Page() != "login" {
		t.Fatalf("got %d, page %q", a.StatusCode, a.Page())
	}
	if lines := caddytest.Audited(t, filepath.Join(s.Dir, "log.json"), "login_failed"); len(lines) != 1 || !strings.Contains(lines[0].Text("reason"), "login_required") || lines[0].Text("path") != "/x" {
		t.Errorf("the events tell %v", lines)
	} else {
		caddytest.WantDocumented(t, lines[0])
	}
	b.Visit(loginLink(a, t)) // a normal login is offered too
	if away := changeAccount(b, t, a); !strings.HasPrefix(away.RedirectURL(), p.URL+"/authorize?") {
		t.Errorf("after the logout: %d to %s", away.StatusCode, away.RedirectURL())
	}
}

// A person whose identity provider is gone from ProConnect cannot be led back to it.
// That is no fault of the configuration: another account may do.
func TestStepUpToAProviderThatIsGone(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, p.Option(), mfaSite)
	b := s.Browser("http://localhost:{$PORT}")
	if a := b.LoginAt("/"); !strings.HasPrefix(a.Text, "inside") {
		t.Fatalf("login: %d", a.StatusCode)
	}
	a := failedLogin(b, t, p, b.Visit("/admin/x"), "idp_hint_not_found")
	if a.StatusCode != http.StatusForbidden || a.Page() != "problem provider_refused" {
		t.Errorf("got %d, page %q", a.StatusCode, a.Page())
	}
	if line := s.Line(a.Reference()); !strings.Contains(line, "gone from ProConnect") {
		t.Errorf("the log says %s", line)
	}
	changeAccount(b, t, a)
}

// Whoever closes the connection while ProConnect is asked says nothing of ProConnect:
// no stranger makes the log tell that nobody can log in.
func TestBrowserThatWentAwayIsNoOutage(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, p.Option(), `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond inside
}`)
	b := s.Browser("http://localhost:{$PORT}")
	back := b.Visit(b.Visit("/.proconnect/login?return_to=/").RedirectURL()).RedirectURL()
	p.Exchanging = make(chan chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, back, nil)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if resp, err := b.Do(r); err == nil {
			resp.Body.Close()
		}
	}()
	goOn := <-p.Exchanging
	cancel()
	<-ended
	var line string
	for deadline := time.Now().Add(time.Minute); line == "" && time.Now().Before(deadline); <-time.After(10 * time.Millisecond) {
		line = s.Line("the browser went away")
	}
	close(goOn)
	if !strings.Contains(line, `"level":"info"`) || strings.Contains(s.Logs(), "nobody can log in") {
		t.Errorf("the log says %s", line)
	}
}
