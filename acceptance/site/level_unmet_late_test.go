package site_test

import (
	"net/http"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A step-up that was in vain leaves a note in the session, so that nobody is sent to
// ProConnect again for it. Where the token call of one took long, the session that it
// began with may have been replaced since, or logged out: its cookie, written anew, would
// take away what another tab proved, or put back the one who was there before.
func TestUnmetLevelPutsNoSessionBack(t *testing.T) {
	for name, tt := range map[string]struct {
		meanwhile func(b *caddytest.Browser, p *caddytest.Provider)
		page      string // that is opened in the end
		want      string
	}{
		"another tab proved the level": {func(b *caddytest.Browser, p *caddytest.Provider) {
			setPerson(p, "eidas1-mfa", nil)
			finishAnother(b, p, stepUpToMFA)
		}, "/admin/x", "inside eidas1 eidas1-mfa"},
		"somebody else logged in in another tab": {func(b *caddytest.Browser, p *caddytest.Provider) {
			setPerson(p, "eidas1-mfa", map[string]any{"sub": caddytest.Subject})
			finishAnother(b, p, "/.proconnect/login?return_to=/")
		}, "/admin/x", "inside eidas1-mfa"},
		"another tab logged out": {func(b *caddytest.Browser, _ *caddytest.Provider) {
			if a := b.Visit("/.proconnect/logout"); a.StatusCode != http.StatusSeeOther {
				b.T.Fatalf("the logout: %d, page %q", a.StatusCode, a.Page())
			}
		}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := caddytest.NewProvider(t)
			s := caddytest.Start(t, p.Option(), mfaSite)
			b := s.Browser("http://localhost:{$PORT}").For(t)
			b.LoginAt("/")
			p.Mu.Lock()
			p.Exchanging = make(chan chan struct{})
			p.Mu.Unlock()
			unmet := answerTo(b, stepUpToMFA)
			held := <-p.Exchanging
			tt.meanwhile(b, p)
			setPerson(p, "eidas1", nil)
			close(held)
			if a := <-unmet; a.Page() != "refused" {
				t.Errorf("the step-up in vain: %d, page %q", a.StatusCode, a.Page())
			}
			if tt.page == "" {
				if c := b.FindSession(); c != nil {
					t.Error("a session that was logged out is in the browser again")
				}
				return
			}
			if a := b.Visit(tt.page); a.Text != tt.want {
				t.Errorf("got %d to %q, page %q; want %s", a.StatusCode, a.RedirectURL(), a.Page(), tt.want)
			}
		})
	}
}

const stepUpToMFA = "/.proconnect/login?return_to=/admin/x&acr_values=eidas0-mfa+eidas1-mfa+eidas2+eidas3"

// setPerson changes who logs in next, and at which level.
func setPerson(p *caddytest.Provider, acr string, claims map[string]any) {
	p.Mu.Lock()
	defer p.Mu.Unlock()
	p.ACR = acr
	for name, value := range claims {
		p.Claims[name] = value
	}
}

// answerTo goes through a login without waiting for the token call that it ends with.
func answerTo(b *caddytest.Browser, login string) chan caddytest.Answer {
	b.T.Helper()
	callback := b.Visit(b.Visit(login).RedirectURL()).RedirectURL()
	done := make(chan caddytest.Answer, 1)
	go func() { done <- b.Visit(callback) }()
	return done
}

// finishAnother goes through a login while the token call of another is held.
func finishAnother(b *caddytest.Browser, p *caddytest.Provider, login string) {
	b.T.Helper()
	done := answerTo(b, login)
	close(<-p.Exchanging)
	if a := <-done; a.StatusCode >= http.StatusBadRequest {
		b.T.Fatalf("the other tab: %d, page %q", a.StatusCode, a.Page())
	}
}
