package e2e

import "testing"

// quiet is a site that asks ProConnect once, without a click, who comes, and that says
// where a logout leads.
const quiet = `	@private not path /goodbye
	proconnect @private {
		allow any
		headers
		login silent
		after_logout /goodbye
	}
	reverse_proxy {$UPSTREAM}`

// TestSilent: whoever is logged in at ProConnect enters without a click, and everybody
// else meets the login page, once asked and no more; whoever logged out does, too.
func TestSilent(t *testing.T) {
	s := newStack(t, killing(), sites{"docs": gated, "quiet": quiet})
	docs, site := s.origin("docs"), s.origin("quiet")
	passes := func(t *testing.T, want int, do func()) {
		t.Helper()
		before := s.provider.passesUnasked(t)
		do()
		if got := s.provider.passesUnasked(t) - before; got != want {
			t.Errorf("%d passes by ProConnect, want %d", got, want)
		}
	}
	arrives := func(b *tab) {
		b.t.Helper()
		b.see("site")
		if got := b.where(); got != site+deep {
			b.t.Errorf("got %s, want %s", got, deep)
		}
	}
	t.Run("a stranger", func(t *testing.T) {
		b := newPerson(t)
		passes(t, 1, func() {
			b.visit(site + deep)
			b.see("login")
			b.reload()
			b.see("login")
		})
		b.click(".proconnect-button")
		b.loginAs("dinum")
		arrives(b)
	})
	t.Run("single sign-on, and a logout", func(t *testing.T) {
		b := newPerson(t)
		b.enter(docs+"/", "dinum")
		b.see("site")
		passes(t, 1, func() {
			b.visit(site + deep)
			arrives(b)
		})
		b.click("#logout")
		eventually(t, "where the logout leads", func() bool { return b.where() == site+"/goodbye" })
		b.see("site")
		b.forget(docs, false)
		b.enter(docs+"/", "dinum") // who is logged in at ProConnect again
		b.see("site")
		passes(t, 0, func() {
			b.visit(site + deep)
			b.see("login")
		})
	})
	t.Run("tabs at the same time", func(t *testing.T) {
		b := newPerson(t)
		b.enter(docs+"/", "dinum")
		b.see("site")
		r := &renewal{tab: b, s: s, site: site}
		r.restoreSome(3)
	})
}
