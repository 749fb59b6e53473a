package e2e

import (
	"strings"
	"testing"
)

const (
	switchLink = `a[href*="/.proconnect/logout?then=login"]`
	logoutLink = `a[href*="/.proconnect/logout"]:not([href*="then="])`
)

const dinumOnly = `	proconnect {
		allow siren 130025265
		contact aide@numerique.gouv.fr
	}
	reverse_proxy {$UPSTREAM}`

// TestRefusalAndSwitch: whoever is refused is told why, and may come back as
// somebody else, to the page first asked for.
func TestRefusalAndSwitch(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": dinumOnly})
	b := newPerson(t)
	const target = "/guide?page=2"
	b.enter(s.origin("docs")+target, "clamart")
	b.see("refused")
	if got := b.status(); got != 403 {
		t.Errorf("got status %d", got)
	}
	for _, want := range []string{"Commune de Clamart", "aide@numerique.gouv.fr"} {
		if got := b.text("main"); !strings.Contains(got, want) {
			t.Errorf("got %q, want %q in it", got, want)
		}
	}
	if len(s.upstream.got(target)) > 0 {
		t.Error("the request reached the site")
	}
	b.text(logoutLink)
	b.click(switchLink)
	b.loginAgain("dinum")
	b.see("site")
	if got := b.where(); got != s.origin("docs")+target {
		t.Errorf("got %s, want the address asked for", got)
	}
	if len(s.provider.journal(t, "/session/end")) != 1 {
		t.Error("the session at ProConnect was not ended")
	}
}

// loginAgain logs in as another person after the account switch, which may or
// may not pass by the login page.
func (b *tab) loginAgain(person string) {
	b.t.Helper()
	if b.seeAny("login", "provider-login") == "login" {
		b.click(".proconnect-button")
	}
	b.loginAs(person)
}

// TestLoginPageSaysWho: who may enter is told before the login.
func TestLoginPageSaysWho(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": `	proconnect {
		allow siren 130025265
		title "Le guide"
		audience "Réservé aux agents de la DINUM"
		link "Accessibilité" https://example.gouv.fr/accessibilite
	}
	reverse_proxy {$UPSTREAM}`})
	b := newPerson(t)
	b.visit(s.origin("docs") + "/")
	b.see("login")
	all := eval[string](b, `document.body.innerText`)
	for _, want := range []string{"Le guide", "Réservé aux agents de la DINUM", "Accessibilité", "Qu'est-ce que ProConnect"} {
		if !strings.Contains(strings.ReplaceAll(all, "’", "'"), want) {
			t.Errorf("got %q, want %q in it", all, want)
		}
	}
	size := eval[[]float64](b, `(() => { const r = document.querySelector(".proconnect-button").getBoundingClientRect(); return [r.width, r.height] })()`)
	if size[0] != 214 || size[1] != 56 {
		t.Errorf("the button is %v, want 214 × 56", size)
	}
}

// TestRuleChange: another rule acts on the next request of live sessions.
func TestRuleChange(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": gated})
	b := newPerson(t)
	b.enter(s.origin("docs")+"/", "clamart")
	b.see("site")
	s.reload(rs256, sites{"docs": dinumOnly})
	b.visit(s.origin("docs") + "/")
	b.see("refused")
	s.reload(rs256, sites{"docs": gated})
	b.visit(s.origin("docs") + "/")
	b.see("site")
}
