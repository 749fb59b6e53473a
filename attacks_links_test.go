package proconnect_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A gate of one link that stands on another's endpoints opens its own session,
// which those take for theirs.
func TestAttackSessionOfAnotherLink(t *testing.T) {
	s := start(t, "proconnect {\n environment sandbox\n }\n proconnect other {\n environment sandbox\n client_id other\n }", `
http://docs.localhost:{$PORT} {
	@rest not path /other/*
	proconnect @rest {
		allow any
		optional
	}
	proconnect /other/* {
		client other
		path /.other
		allow any
		acr eidas3
	}
	respond "inside {http.auth.user.acr}"
}`)
	b := s.browser("http://docs.localhost:{$PORT}")
	b.login("/x", url.Values{"person": {"ministry"}, "acr": {"eidas3"}})
	if a := b.get("/.other/session", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("/.other/session tells the other link's session: %d %s", a.StatusCode, a.Text)
	}
	// Somebody else logs in by the other link, and logs out of it.
	b.Jar.SetCookies(b.home(), []*http.Cookie{{Name: "proconnect_sandbox", Path: "/", MaxAge: -1}})
	a := b.authorize(b.get("/.other/login?return_to=/other/x&acr_values=eidas3"), url.Values{"person": {"commune"}, "acr": {"eidas3"}})
	if !strings.HasPrefix(a.Text, "inside eidas3") {
		t.Fatalf("%d %s", a.StatusCode, a.page())
	}
	stolen := b.cookie("proconnect-other")
	if a = b.get("/.other/logout"); a.StatusCode != http.StatusSeeOther {
		t.Fatal(a.StatusCode)
	}
	thief := s.browser("http://docs.localhost:{$PORT}")
	thief.plant("proconnect-other", stolen)
	if a = thief.get("/other/x"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the cookie lives after the logout: %d %s", a.StatusCode, a.Text)
	}
}
