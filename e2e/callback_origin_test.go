package e2e

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// relayed is a client of which the addresses of one host alone are registered.
var relayed = client{id: "rs256", signing: "RS256", userinfo: "RS256", callback: "login"}

// fleet are sites of which ProConnect knows none: previews under a wildcard, and one with
// endpoints of its own.
func fleet() sites {
	return sites{
		"login": `	proconnect {
		allow any
	}`,
		"*.preview.app": admin,
		"tools": `	proconnect {
		allow any
		path /auth
	}
	reverse_proxy {$UPSTREAM}`,
	}
}

// TestOneAddressForAllSites: the provider compares redirect URIs exactly, and knows those
// of the host in the middle. Each site logs people in, and keeps a session of its own.
func TestOneAddressForAllSites(t *testing.T) {
	s := newStack(t, relayed, fleet())
	b := newPerson(t)
	one, two, tools := s.origin("pr-1.preview.app"), s.origin("pr-2.preview.app"), s.origin("tools")
	const target = "/deep/page?x=1&y=%C3%A9t%C3%A9"
	b.enter(one+target, "dinum")
	b.see("site")
	if got := b.where(); got != one+target {
		t.Errorf("got %s, want the address asked for", got)
	}
	checkMiddle(t, s, b)

	// ProConnect's session leads into the others by one click.
	for _, site := range []string{two, tools} {
		b.visit(site + "/page")
		b.see("login")
		b.click(".proconnect-button")
		b.see("site")
		if got := b.where(); got != site+"/page" {
			t.Errorf("got %s, want %s/page", got, site)
		}
	}
	if got := s.send(t, "GET", two+"/", "Cookie", b.cookieHeader(one+"/")); got.StatusCode != 401 {
		t.Errorf("one site's session at another: got %d, want 401", got.StatusCode)
	}
	checkRegistered(t, s)
}

// checkMiddle holds the host in the middle to having kept nothing.
func checkMiddle(t *testing.T, s *stack, b *tab) {
	t.Helper()
	for _, c := range b.cookies(s.origin("login") + "/.proconnect/logout") {
		t.Errorf("the host in the middle keeps %s", c.Name)
	}
}

// checkRegistered holds all requests to the one pair of addresses that is registered.
func checkRegistered(t *testing.T, s *stack) {
	t.Helper()
	for path, parameter := range map[string]string{"/authorize": "redirect_uri", "/session/end": "post_logout_redirect_uri"} {
		want := s.origin("login") + map[string]string{"/authorize": "/.proconnect/callback", "/session/end": "/.proconnect/logged-out"}[path]
		for _, c := range s.provider.journal(t, path) {
			if got := c.Query[parameter]; got != "" && got != want {
				t.Errorf("%s: got %s, want %s", parameter, got, want)
			}
		}
	}
}

// TestStepUpOfOneAddress: a step-up comes back by the host in the middle, too.
func TestStepUpOfOneAddress(t *testing.T) {
	s := newStack(t, relayed, fleet())
	b := newPerson(t)
	site := s.origin("pr-1.preview.app")
	b.enter(site+"/", "dinum")
	b.see("site")
	b.click("#admin")
	b.see("provider-login")
	b.fill("acr", "eidas1-mfa")
	b.loginAs("dinum")
	b.see("site")
	if got := b.where(); got != site+"/admin/" {
		t.Errorf("got %s, want %s/admin/", got, site)
	}
	checkRegistered(t, s)
}

// TestRenewalOfOneAddress: ProConnect confirms a session by the host in the middle, which
// keeps nothing of it.
func TestRenewalOfOneAddress(t *testing.T) {
	c := renewing()
	c.callback = relayed.callback
	s := newStack(t, c, fleet())
	for when, ago := range map[string]time.Duration{"in the grace": inGrace, "after it": overdue} {
		t.Run(when, func(t *testing.T) {
			r := dueAt(t, s, "pr-1.preview.app", ago)
			r.opens(deep)
			r.wantPasses(1)
			r.opens("/next")
			r.wantPasses(1)
			checkMiddle(t, s, r.tab)
		})
	}
	checkRegistered(t, s)
}

// TestLogoutOfOneAddress: the browser comes back to the site that it left, and a change of
// account goes on to the login there.
func TestLogoutOfOneAddress(t *testing.T) {
	s := newStack(t, relayed, fleet())
	b := newPerson(t)
	site := s.origin("pr-1.preview.app")
	b.enter(site+"/", "dinum")
	b.see("site")
	stolen := b.cookieHeader(site + "/")

	b.click("#switch")
	b.see("provider-login")
	if got := s.send(t, "GET", site+"/", "Cookie", stolen); got.StatusCode != 401 {
		t.Errorf("the old session: got %d, want 401", got.StatusCode)
	}
	b.loginAs("clamart")
	b.see("site")
	if got := b.where(); !strings.HasPrefix(got, site+"/") {
		t.Errorf("got %s, want %s", got, site)
	}

	b.click("#logout")
	b.see("logged-out")
	if got := b.where(); !strings.HasPrefix(got, site+"/.proconnect/logged-out") {
		t.Errorf("got %s, want the site's own page", got)
	}
	checkMiddle(t, s, b)
	checkRegistered(t, s)
}

// TestErrorsOfOneAddress: an error is told on the page of the site that asked, with a way
// on that leads back there.
func TestErrorsOfOneAddress(t *testing.T) {
	s := newStack(t, relayed, fleet())
	b := newPerson(t)
	site := s.origin("pr-1.preview.app")
	b.visit(site + "/page")
	b.see("login")
	b.click(".proconnect-button")
	b.see("provider-login")
	b.fill("error", "access_denied")
	b.click("#submit")
	b.see("problem")
	if got := b.where(); !strings.HasPrefix(got, site+"/.proconnect/callback?") {
		t.Errorf("got %s, want the site's own page", got)
	}
	if got := b.status(); got != 403 {
		t.Errorf("got status %d", got)
	}
}

// TestMiddleSendsNobodyElsewhere: what the engine brings to the host in the middle with a
// state that is not the client's ends there.
func TestMiddleSendsNobodyElsewhere(t *testing.T) {
	s := newStack(t, relayed, fleet())
	b := newPerson(t)
	query := url.Values{"code": {"x"}, "state": {strings.Repeat("A", 200)}, "iss": {s.provider.issuer}}
	b.visit(s.origin("login") + "/.proconnect/callback?" + query.Encode())
	b.see("problem")
	b.inspect("problem-relay-refused")
	if got := b.where(); !strings.HasPrefix(got, s.origin("login")) {
		t.Errorf("got %s", got)
	}
	if got := b.status(); got != 400 {
		t.Errorf("got status %d", got)
	}
}
