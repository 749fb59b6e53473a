package proconnect_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const sandboxLink = "proconnect {\n environment sandbox\n }"

// The journey of DESIGN §1 in the sandbox: login page, refusal, another account,
// the site, logout, and the dead cookie afterwards.
func TestJourney(t *testing.T) {
	s := start(t, sandboxLink, `
http://localhost:{$PORT} {
	proconnect {
		allow roles agent_public_etat
	}
	respond "user={http.auth.user.email} candidate={http.auth.candidate.email} decision={http.proconnect.decision}"
}`)
	b := s.browser("http://localhost:{$PORT}")

	a := b.get("/docs?page=2")
	if a.StatusCode != http.StatusUnauthorized || a.page() != "login" {
		t.Fatalf("a stranger got %d, page %q", a.StatusCode, a.page())
	}
	a = b.login("/docs?page=2", url.Values{"person": {"commune"}})
	if a.StatusCode != http.StatusForbidden || a.page() != "refused" {
		t.Fatalf("an agent of a commune got %d, page %q", a.StatusCode, a.page())
	}
	a = b.follow(b.get("/.proconnect/logout?then=login&return_to=%2Fdocs%3Fpage%3D2"))
	if !strings.Contains(a.Text, `data-page="sandbox-login"`) {
		t.Fatalf("after the switch, ProConnect does not ask who it is: %d %q", a.StatusCode, a.page())
	}
	a = b.follow(b.do(http.MethodPost, a.Request.URL.String(), url.Values{"person": {"ministry"}}))
	if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "user=camille.exemple@test.proconnect.gouv.fr candidate= decision=allow") {
		t.Fatalf("an agent of a ministry got %d: %s", a.StatusCode, a.Text)
	}
	if got := a.Request.URL.RequestURI(); got != "/docs?page=2" {
		t.Errorf("the login led to %s", got)
	}

	home, err := url.Parse(b.base)
	if err != nil {
		t.Fatal(err)
	}
	stolen := b.Jar.Cookies(home)
	a = b.follow(b.get("/.proconnect/logout"))
	if a.page() != "logged-out" {
		t.Fatalf("the logout ended at %d, page %q", a.StatusCode, a.page())
	}
	b.Jar.SetCookies(home, stolen)
	if a = b.get("/docs"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the cookie of before the logout is worth %d, want 401", a.StatusCode)
	}
}
