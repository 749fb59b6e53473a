package e2e

import "testing"

// TestRestart: without a secret in the configuration the key lives in Caddy's
// storage, so a restart logs nobody out.
func TestRestart(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": gated})
	b := newPerson(t)
	b.enter(s.origin("docs")+"/", "dinum")
	b.see("site")
	s.restartCaddy()
	b.visit(s.origin("docs") + "/after")
	b.see("site")
	if got := len(s.provider.journal(t, "/authorize")); got != 1 {
		t.Errorf("got %d authorization requests, want one", got)
	}
}

// TestRestartDuringLogin: the attempt lives in the browser.
func TestRestartDuringLogin(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": gated})
	b := newPerson(t)
	b.visit(s.origin("docs") + "/page")
	b.see("login")
	b.click(".proconnect-button")
	b.see("provider-login")
	s.restartCaddy()
	b.loginAs("dinum")
	b.see("site")
}

// TestOutage: ProConnect down is not the site down. People with a session work
// on, others are told, and it heals by itself.
func TestOutage(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": gated})
	known := newPerson(t)
	known.enter(s.origin("docs")+"/", "dinum")
	known.see("site")

	s.provider.stop()
	known.visit(s.origin("docs") + "/during")
	known.see("site")

	// Caddy starts without the provider too.
	s.restartCaddy()
	known.visit(s.origin("docs") + "/after-a-restart")
	known.see("site")

	stranger := newPerson(t)
	stranger.visit(s.origin("docs") + "/")
	stranger.see("login")
	stranger.click(".proconnect-button")
	stranger.see("problem")
	if got := stranger.status(); got != 503 {
		t.Errorf("got status %d, want 503", got)
	}
	stranger.text("main a[href], main button") // a next step
	stranger.inspect("problem-outage")
	login := s.send(t, "GET", s.origin("docs")+"/.proconnect/login?return_to=%2F",
		"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Accept", "text/html", "Cookie", browserSecret("__Host-", s.port))
	if login.StatusCode != 503 || login.Header.Get("Retry-After") == "" {
		t.Errorf("got %d, Retry-After %q", login.StatusCode, login.Header.Get("Retry-After"))
	}

	s.provider.restart(t)
	eventually(t, "the login to work again", func() bool {
		stranger.visit(s.origin("docs") + "/.proconnect/login?return_to=%2Fback")
		return stranger.seeAny("problem", "provider-login") == "provider-login"
	})
	stranger.loginAs("clamart")
	stranger.see("site")
}

// TestKeyRotation: the provider comes back with other keys, while Caddy still
// knows the former ones.
func TestKeyRotation(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": gated})
	first := newPerson(t)
	first.enter(s.origin("docs")+"/", "dinum")
	first.see("site")
	s.provider.stop()
	s.provider.restart(t)
	second := newPerson(t)
	second.enter(s.origin("docs")+"/", "clamart")
	second.see("site")
}
