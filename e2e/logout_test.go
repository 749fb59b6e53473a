package e2e

import (
	"strings"
	"testing"
)

// TestLogout: out of the site, out of ProConnect, and no way back with what a
// thief may have kept.
func TestLogout(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": gated})
	b := newPerson(t)
	home := s.origin("docs") + "/"
	b.enter(home, "dinum")
	b.see("site")
	stolen := b.cookieHeader(home)
	if got := s.send(t, "GET", home, "Cookie", stolen); got.StatusCode != 200 {
		t.Fatalf("a live session: got %d", got.StatusCode)
	}

	b.click("#logout")
	b.see("logged-out")
	if got := b.where(); !strings.HasPrefix(got, s.origin("docs")+"/.proconnect/logged-out") {
		t.Errorf("got %s", got)
	}
	if got := s.send(t, "GET", home, "Cookie", stolen); got.StatusCode != 401 {
		t.Errorf("the old session: got %d, want 401", got.StatusCode)
	}
	checkEndSession(t, s)

	b.visit(home)
	b.see("login")
	b.click(".proconnect-button")
	b.see("provider-login") // nobody is logged in at ProConnect either
}

// checkEndSession reads the request that ended the session at ProConnect.
func checkEndSession(t *testing.T, s *stack) {
	t.Helper()
	calls := s.provider.journal(t, "/session/end")
	if len(calls) != 1 {
		t.Fatalf("got %d requests to end the session, want one", len(calls))
	}
	q := calls[0].Query
	if len(q["state"]) < 32 || q["id_token_hint"] == "" && q["client_id"] == "" {
		t.Error("want a state of 32 characters, and id_token_hint or client_id")
	}
	if got, want := q["post_logout_redirect_uri"], s.origin("docs")+"/.proconnect/logged-out"; got != want {
		t.Errorf("post_logout_redirect_uri: got %s, want %s", got, want)
	}
}

// TestLogoutAsksFirst: an address that was typed, or that another site links
// to, logs nobody out by itself.
func TestLogoutAsksFirst(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": gated})
	b := newPerson(t)
	home := s.origin("docs") + "/"
	b.enter(home, "dinum")
	b.see("site")
	b.visit(s.origin("docs") + "/.proconnect/logout")
	b.see("logout")
	if got := s.send(t, "GET", home, "Cookie", b.cookieHeader(home)); got.StatusCode != 200 {
		t.Errorf("before the button: got %d", got.StatusCode)
	}
	b.click("main form[method=post] button")
	b.see("logged-out")
	b.visit(home)
	b.see("login")
}

// TestLogoutAfterKeyRotation: ProConnect answers a hint whose key it has withdrawn by
// an error page. Once somebody's login has shown the new keys, the others are logged
// out without it, and come back.
func TestLogoutAfterKeyRotation(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": gated})
	first := newPerson(t)
	first.enter(s.origin("docs")+"/", "dinum")
	first.see("site")
	s.provider.stop()
	s.provider.restart(t) // with other keys
	second := newPerson(t)
	second.enter(s.origin("docs")+"/", "clamart")
	second.see("site")

	first.click("#logout")
	first.see("logged-out")
	second.click("#logout")
	second.see("logged-out")
	calls := s.provider.journal(t, "/session/end")
	if len(calls) != 2 {
		t.Fatalf("got %d requests to end a session, want two", len(calls))
	}
	if q := calls[0].Query; q["client_id"] == "" || q["id_token_hint"] != "" {
		t.Errorf("the former key: got %v", q)
	}
	if q := calls[1].Query; q["id_token_hint"] == "" {
		t.Error("the new key: want a hint")
	}
}

// TestLogoutWithoutProvider: a provider that does not answer keeps nobody in.
func TestLogoutWithoutProvider(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": gated})
	b := newPerson(t)
	home := s.origin("docs") + "/"
	b.enter(home, "dinum")
	b.see("site")
	stolen := b.cookieHeader(home)
	s.provider.stop()
	s.restartCaddy() // it knows nothing of the provider any more
	b.visit(home)
	b.see("site")
	b.click("#logout")
	b.see("logged-out")
	b.inspect("logged-out-here-only")
	if got := s.send(t, "GET", home, "Cookie", stolen); got.StatusCode != 401 {
		t.Errorf("the old session: got %d, want 401", got.StatusCode)
	}
}
