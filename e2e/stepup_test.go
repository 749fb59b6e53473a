package e2e

import (
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// admin is a site that everybody may enter, with a corner that needs a second factor.
const admin = `	proconnect {
		allow any
	}
	proconnect /admin/* {
		allow {
			siren 130025265
			mfa
		}
	}
	reverse_proxy {$UPSTREAM}`

// fill fills a field of the provider's login page.
func (b *tab) fill(field, value string) {
	b.t.Helper()
	do(b, "fill "+field, chromedp.SendKeys(chromedp.CSS("#field-"+field), value))
}

// TestStepUp: a password opens the site; its admin corner asks for more, once.
func TestStepUp(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": admin})
	b := newPerson(t)
	b.enter(s.origin("docs")+"/", "dinum")
	b.see("site")

	b.click("#admin")
	b.see("provider-login")
	claims := b.text("#claims")
	for _, want := range []string{`"essential":true`, `"eidas0-mfa"`, `"eidas1-mfa"`, `"eidas2"`, `"eidas3"`} {
		if !strings.Contains(claims, want) {
			t.Errorf("got %s, want %s in it", claims, want)
		}
	}
	b.fill("acr", "eidas1-mfa")
	b.loginAs("dinum")
	b.see("site")
	if got := b.text("#uri"); got != "/admin/" {
		t.Errorf("got %s, want /admin/", got)
	}

	// ProConnect answers eidas1 to a plain login afterwards: the level that the
	// same person has proven is kept.
	before := len(s.provider.journal(t, "/token"))
	b.visit(s.origin("docs") + "/.proconnect/login?return_to=%2Fadmin%2Fagain")
	b.see("site")
	if got := b.text("#uri"); got != "/admin/again" {
		t.Errorf("got %s, want /admin/again", got)
	}
	if after := len(s.provider.journal(t, "/token")); after != before+1 {
		t.Errorf("got %d logins, want one", after-before)
	}
}

var secondFactor = regexp.MustCompile(`(?i)second facteur|deux facteurs|double authentification|multifacteur`)

// TestStepUpUnmet: whoever has no second factor is told so, and is not sent
// round in circles.
func TestStepUpUnmet(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": admin})
	b := newPerson(t)
	b.enter(s.origin("docs")+"/", "dinum")
	b.see("site")
	b.click("#admin")
	b.loginAs("dinum") // a password again
	b.seeAny("refused", "problem")
	if got := b.text("main"); !secondFactor.MatchString(got) {
		t.Errorf("got %q, want words about a second factor", got)
	}
	if got := len(s.provider.journal(t, "/authorize")); got != 2 {
		t.Errorf("got %d authorization requests, want two", got)
	}
	if got := b.status(); got != 403 {
		t.Errorf("got status %d", got)
	}

	t.Run("again without a loop", func(t *testing.T) {
		b.visit(s.origin("docs") + "/admin/")
		b.seeAny("refused", "problem", "provider-login")
		if got := len(s.provider.journal(t, "/authorize")); got > 3 {
			t.Errorf("got %d authorization requests", got)
		}
	})
	t.Run("the rest of the site is still open", func(t *testing.T) {
		b.visit(s.origin("docs") + "/")
		b.see("site")
	})
}

// TestStepUpNeverForStrangers: a second factor opens nothing to those whom the
// other conditions refuse, so they are not asked for one.
func TestStepUpNeverForStrangers(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": admin})
	b := newPerson(t)
	b.enter(s.origin("docs")+"/", "clamart")
	b.see("site")
	b.click("#admin")
	b.see("refused")
	if got := len(s.provider.journal(t, "/authorize")); got != 1 {
		t.Errorf("got %d authorization requests, want one", got)
	}
}

// asksEmail is a provider that asks for the email first, as ProConnect does.
var asksEmail = client{id: "rs256", signing: "RS256", userinfo: "RS256", emailPage: true}

// typeEmail goes through the provider's page for the email.
func (b *tab) typeEmail() {
	b.t.Helper()
	b.see("provider-email")
	do(b, "type the email", chromedp.SendKeys(chromedp.CSS("#typed-email"), "angela.durand@numerique.gouv.fr"))
	b.click("#submit-email")
	b.see("provider-login")
}

// TestStepUpAsksNoEmail: a person who is sent back for a second factor has typed the
// email once, at the first login.
func TestStepUpAsksNoEmail(t *testing.T) {
	s := newStack(t, asksEmail, sites{"docs": admin})
	b := newPerson(t)
	b.visit(s.origin("docs") + "/")
	b.see("login")
	b.click(".proconnect-button")
	b.typeEmail()
	b.loginAs("dinum")
	b.see("site")

	b.click("#admin")
	b.fill("acr", "eidas1-mfa")
	b.loginAs("dinum")
	b.see("site")
	if got := len(s.provider.journal(t, "/email")); got != 1 {
		t.Errorf("the email was typed %d times, want once", got)
	}
}

// TestSecondFactorAtTheFirstLogin: where everybody needs a second factor, one login
// brings it.
func TestSecondFactorAtTheFirstLogin(t *testing.T) {
	for _, way := range []string{"page", "auto"} {
		t.Run(way, func(t *testing.T) {
			s := newStack(t, asksEmail, sites{"docs": `	proconnect {
		allow any
		mfa
		login ` + way + `
	}
	reverse_proxy {$UPSTREAM}`})
			b := newPerson(t)
			b.visit(s.origin("docs") + "/page")
			if way == "page" {
				b.see("login")
				b.click(".proconnect-button")
			}
			b.typeEmail()
			b.loginAs("mfa")
			b.see("site")
			if got := b.text("#uri"); got != "/page" {
				t.Errorf("got %s", got)
			}
			emails, logins := len(s.provider.journal(t, "/email")), s.provider.journal(t, "/authorize")
			if emails != 1 || len(logins) != 1 {
				t.Fatalf("the email was typed %d times, in %d logins; want one", emails, len(logins))
			}
			if claims := logins[0].Query["claims"]; !strings.Contains(claims, `"essential":true`) { // not by luck
				t.Errorf("the first login asks for %s", claims)
			}
		})
	}
}
