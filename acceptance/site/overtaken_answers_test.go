package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A step-up that fails slowly, while another tab's is answered, leaves what that one
// proved: the session that it remembers its failure in is of before. So does one that the
// configuration of before still answers.
func TestFailedStepUpDoesNotOverwriteAnother(t *testing.T) {
	for name, reload := range map[string]bool{"in one configuration": false, "over a reload": true} {
		t.Run(name, func(t *testing.T) { overtakenStepUp(t, reload) })
	}
}

func overtakenStepUp(t *testing.T, reload bool) {
	p := caddytest.NewProvider(t)
	const site = `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	proconnect /admin/* {
		allow mfa
	}
	respond "inside {http.auth.user.acr}"
}`
	s := caddytest.Start(t, p.Option(), site)
	b := s.Browser("http://localhost:{$PORT}")
	b.RetryResets()
	b.LoginAt("/")
	level := func(acr string) {
		p.Mu.Lock()
		defer p.Mu.Unlock()
		p.ACR = acr
	}
	stepUp := func() (ended chan caddytest.Answer, asked chan struct{}) {
		a := b.Visit("/.proconnect/login?return_to=/admin/x&acr_values=eidas0-mfa+eidas1-mfa+eidas2+eidas3")
		callback := b.Visit(a.RedirectURL()).RedirectURL()
		ended = make(chan caddytest.Answer)
		go func() { ended <- b.Visit(callback) }()
		return ended, <-p.Exchanging
	}
	p.Exchanging = make(chan chan struct{})
	slow, slowAsked := stepUp()
	if reload {
		s.Load(p.Option(), site)
	}
	level("eidas1-mfa")
	quick, quickAsked := stepUp()
	close(quickAsked)
	if a := <-quick; a.StatusCode != http.StatusSeeOther {
		t.Fatalf("the second: %d, page %q", a.StatusCode, a.Page())
	}
	level("eidas1")
	close(slowAsked)
	if a := <-slow; a.Page() != "refused" {
		t.Errorf("the first: %d, page %q", a.StatusCode, a.Page())
	}
	if a := b.Visit("/admin/x"); a.Text != "inside eidas1 eidas1-mfa" {
		t.Errorf("the level is lost: %d to %q, page %q", a.StatusCode, a.RedirectURL(), a.Page())
	}
}

// A renewal that comes back with login_required ends no session that was given to the
// browser after it had left: its request holds the cookies of before.
func TestRenewalThatIsLateEndsNoLogin(t *testing.T) {
	s := caddytest.Start(t, renewingSandbox, renewingSite)
	for _, code := range []string{"login_required", "access_denied"} {
		b := confirmed(s, t, 90*time.Minute)
		callback, before := renewing(b, "/docs"), b.Cookies()
		b.Login("/", url.Values{"person": {"ministry"}})
		late := s.Browser(b.Base)
		late.Jar = nil
		if a := late.Visit(answering(callback, code), "Cookie", before); a.StatusCode != http.StatusSeeOther || !strings.HasSuffix(a.RedirectURL(), "/docs") || len(a.Cookies()) > 2 {
			t.Errorf("%s: %d to %q, page %q, sets %v", code, a.StatusCode, a.RedirectURL(), a.Page(), a.Cookies())
		}
		if a := b.Visit("/", fetchHeaders...); a.Text != "inside Camille eidas1" {
			t.Errorf("%s: the new session is worth %d", code, a.StatusCode)
		}
	}
}
