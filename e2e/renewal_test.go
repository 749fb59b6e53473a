package e2e

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// deep is an address that a way by ProConnect must lead back to.
const deep = "/deep/page?x=1&y=%C3%A9t%C3%A9"

// renewal is somebody at a site whose session ProConnect is to confirm.
type renewal struct {
	*tab
	s      *stack
	site   string
	passes int // by ProConnect without a question, so far
}

// dueAt logs somebody in at a site who has been there before, for so long.
func dueAt(t *testing.T, s *stack, site string, ago time.Duration) *renewal {
	t.Helper()
	r := &renewal{tab: newPerson(t), s: s, site: s.origin(site)}
	r.enter(r.site+"/", "dinum")
	r.see("site")
	r.confirmed(s, r.site, ago)
	r.passes = s.provider.passesUnasked(t)
	return r
}

// wantPasses wants so many passes since the session is due.
func (r *renewal) wantPasses(n int) {
	r.t.Helper()
	if got := r.s.provider.passesUnasked(r.t) - r.passes; got != n {
		r.t.Errorf("%d passes by ProConnect, want %d", got, n)
	}
}

// opens goes to a page and wants it.
func (r *renewal) opens(target string) {
	r.t.Helper()
	r.visit(r.site + target)
	r.arrives(target)
}

// arrives wants to end on a page of the site.
func (r *renewal) arrives(target string) {
	r.t.Helper()
	r.see("site")
	if got := r.where(); got != r.site+target {
		r.t.Errorf("got %s, want %s", got, target)
	}
}

// TestRenewal: what people meet whose session ProConnect is to confirm, whatever it says.
// Each ends on the page that was asked for, or on one with a next step, and nobody is sent
// round.
func TestRenewal(t *testing.T) {
	s := newStack(t, renewing(), sites{"docs": gated})
	for name, test := range renewals {
		for when, ago := range map[string]time.Duration{"in the grace": inGrace, "after it": overdue} {
			t.Run(name+"/"+when, func(t *testing.T) { test(dueAt(t, s, "docs", ago), ago == inGrace) })
		}
	}
}

var renewals = map[string]func(r *renewal, grace bool){
	"single sign-on lives": func(r *renewal, _ bool) {
		r.opens(deep)
		r.wantPasses(1)
		r.opens("/next")
		r.wantPasses(1)
	},
	"single sign-on has ended": func(r *renewal, _ bool) {
		copied := r.cookieHeader(r.site + "/")
		r.s.provider.control(r.t, orders{"end": dinumEmail})
		r.visit(r.site + deep)
		r.see("login")
		r.wantPasses(1)
		if got := r.s.send(r.t, "GET", r.site+"/", "Cookie", copied); got.StatusCode != 401 {
			r.t.Errorf("a copy of the session: got %d, want 401", got.StatusCode)
		}
		r.click(".proconnect-button")
		r.loginAs("dinum")
		r.arrives(deep)
		r.wantPasses(1)
	},
	"another account, and on with it": func(r *renewal, _ bool) {
		copied := r.becomesClamart()
		if got := r.s.send(r.t, "GET", r.site+"/", "Cookie", copied); got.StatusCode != 401 {
			r.t.Errorf("the session of the one before: got %d, want 401", got.StatusCode)
		}
		r.click("main a.button:not(.secondary)")
		r.arrives(deep)
		if got := r.text("#email"); got != "Yacine.LeGoff@clamart.fr" {
			r.t.Errorf("the site was told %q", got)
		}
		r.wantPasses(1)
	},
	"another account, which was not meant": func(r *renewal, _ bool) {
		r.becomesClamart()
		r.click("main a.secondary")
		r.loginAs("dinum")
		r.arrives(deep)
		if got := r.text("#email"); got != dinumEmail {
			r.t.Errorf("the site was told %q", got)
		}
	},
	"a blocked person": func(r *renewal, grace bool) {
		r.s.provider.behave(r.t, "blocked", []string{dinumEmail})
		r.visit(r.site + deep)
		r.see("provider-stranded")
		other := &renewal{tab: r.newTab(), s: r.s, site: r.site}
		if grace {
			other.opens("/other")
		} else {
			other.visit(r.site + "/other")
			other.see("waiting")
		}
		r.wantPasses(1)
		r.click("#retry")
		r.see("problem")
		if got := r.status(); got != 403 {
			r.t.Errorf("back by ProConnect's button: got %d, want 403", got)
		}
		r.visit(r.site + "/")
		r.see("login")
		r.wantPasses(1)
	},
	"a scope was taken away": func(r *renewal, grace bool) {
		r.s.provider.behave(r.t, "withdrawnScopes", []string{"roles"})
		if grace {
			r.opens(deep)
			r.opens("/next") // and is not sent there again
		} else {
			r.visit(r.site + deep)
			r.see("problem")
			r.s.provider.set(r.t, "withdrawnScopes", []string{})
			r.opens(deep)
			r.wantPasses(2)
			return
		}
		r.wantPasses(1)
	},
	"several tabs": func(r *renewal, _ bool) {
		r.restoreSome(4)
		if n := r.s.provider.passesUnasked(r.t) - r.passes; n < 1 || n > 2 {
			r.t.Errorf("%d passes by ProConnect", n)
		}
	},
	"forms and scripts": func(r *renewal, grace bool) {
		status := 200
		if !grace {
			status = 401
		}
		got := fetchJSON(r.tab, "/api", `{headers: {Accept: "application/json"}}`)
		if got.Status != status || got.Redirected || !grace && !strings.HasSuffix(fmt.Sprint(got.Body["type"]), "#renewal_required") {
			r.t.Errorf("a script: got %+v", got)
		}
		r.s.upstream.forget()
		r.submitForm("/save")
		if grace {
			eventually(r.t, "the form", func() bool { return len(r.s.upstream.got("/save")) == 1 })
			r.arrives("/save")
		} else {
			r.see("form-lost")
		}
		r.wantPasses(0)
		r.opens("/then") // and the next page renews the session
		r.wantPasses(1)
	},
}

// becomesClamart has ProConnect answer as somebody else, and returns what the browser had
// before.
func (r *renewal) becomesClamart() (copied string) {
	r.t.Helper()
	copied = r.cookieHeader(r.site + "/")
	r.s.provider.control(r.t, orders{"become": []any{dinumEmail, map[string]string{"person": "clamart"}}})
	r.visit(r.site + deep)
	r.see("person-changed")
	for _, name := range []string{dinumEmail, "Yacine.LeGoff@clamart.fr"} {
		if !strings.Contains(r.text("main"), name) {
			r.t.Errorf("the page does not name %s", name)
		}
	}
	return copied
}

// restoreSome opens tabs at once, each of which ends on its own page.
func (r *renewal) restoreSome(n int) {
	r.t.Helper()
	tabs := make([]*tab, n)
	for i := range tabs {
		tabs[i] = r.newTab()
	}
	var all sync.WaitGroup
	for i, tab := range tabs {
		all.Go(func() { tab.visit(fmt.Sprint(r.site, "/tab/", i)) })
	}
	all.Wait()
	for i, tab := range tabs {
		(&renewal{tab: tab, s: r.s, site: r.site}).arrives(fmt.Sprint("/tab/", i))
	}
}

// TestRenewalOutage: while ProConnect is down, pages go on for the grace; after it a page
// says so, scripts are told, and all is there again when it answers.
func TestRenewalOutage(t *testing.T) {
	s := newStack(t, renewing(), sites{"docs": gated})
	late, early := dueAt(t, s, "docs", overdue), dueAt(t, s, "docs", inGrace)
	s.provider.behave(t, "down", true)
	s.restartCaddy() // which has asked nothing yet
	for _, target := range []string{deep, "/next"} {
		early.opens(target)
	}
	if got := fetchJSON(late.tab, "/api", `{}`); got.Status != 401 || !strings.HasSuffix(fmt.Sprint(got.Body["type"]), "#renewal_required") {
		t.Errorf("a script: got %+v", got)
	}
	for _, language := range []string{"fr", "en"} {
		late.speak(language)
		late.visit(late.site + deep)
		late.see("problem")
		if got := late.status(); got != 503 {
			t.Errorf("got status %d, want 503", got)
		}
		late.inspect("problem-renewal-unavailable-" + language)
	}
	s.provider.set(t, "down", false)
	eventually(t, "the page", func() bool {
		late.visit(late.site + deep)
		return late.seeAny("problem", "site") == "site"
	})
	late.arrives(deep)
	eventually(t, "the renewal", func() bool {
		early.opens(deep)
		return s.provider.passesUnasked(t) > late.passes+1
	})
}
