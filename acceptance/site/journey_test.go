// Package site_test visits sites behind gates, as people, programs and attackers do: what
// a test is about is its file's name.
package site_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// The whole journey in the sandbox: login page, refusal, another account,
// the site, logout, and the dead cookie afterwards.
func TestJourney(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow roles agent_public_etat
	}
	respond "user={http.auth.user.email} candidate={http.auth.candidate.email} decision={http.proconnect.decision}"
}`)
	b := s.Browser("http://localhost:{$PORT}")

	a := b.Visit("/docs?page=2")
	if a.StatusCode != http.StatusUnauthorized || a.Page() != "login" {
		t.Fatalf("a stranger got %d, page %q", a.StatusCode, a.Page())
	}
	a = b.Login("/docs?page=2", url.Values{"person": {"commune"}})
	if a.StatusCode != http.StatusForbidden || a.Page() != "refused" {
		t.Fatalf("an agent of a commune got %d, page %q", a.StatusCode, a.Page())
	}
	a = b.Follow(b.Visit("/.proconnect/logout?then=login&return_to=%2Fdocs%3Fpage%3D2"))
	if !strings.Contains(a.Text, `data-page="sandbox-login"`) {
		t.Fatalf("after the switch, ProConnect does not ask who it is: %d %q", a.StatusCode, a.Page())
	}
	a = b.Follow(b.Request(http.MethodPost, a.Request.URL.String(), url.Values{"person": {"ministry"}}))
	if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "user=camille.exemple@test.proconnect.gouv.fr candidate= decision=allow") {
		t.Fatalf("an agent of a ministry got %d: %s", a.StatusCode, a.Text)
	}
	if got := a.Request.URL.RequestURI(); got != "/docs?page=2" {
		t.Errorf("the login led to %s", got)
	}

	home, err := url.Parse(b.Base)
	if err != nil {
		t.Fatal(err)
	}
	stolen := b.Jar.Cookies(home)
	a = b.Follow(b.Visit("/.proconnect/logout"))
	if a.Page() != "logged-out" {
		t.Fatalf("the logout ended at %d, page %q", a.StatusCode, a.Page())
	}
	b.Jar.SetCookies(home, stolen)
	if a = b.Visit("/docs"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the cookie of before the logout is worth %d, want 401", a.StatusCode)
	}
}

// A browser that keeps the cookies of attempts but not the session would go to
// ProConnect and back for ever, without a click.
func TestBrowserThatLosesItsSession(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow any
		login auto
	}
	respond "in"
}`)
	b := s.Browser("http://localhost:{$PORT}")
	a := b.Authorize(b.Visit("/"), url.Values{"person": {"ministry"}})
	if a.Text != "in" {
		t.Fatalf("the login ended at %d, page %q", a.StatusCode, a.Page())
	}
	home, err := url.Parse(b.Base)
	if err != nil {
		t.Fatal(err)
	}
	for round := range 10 {
		b.Jar.SetCookies(home, []*http.Cookie{{Name: b.Named("proconnect"), Path: "/", MaxAge: -1}})
		a = b.Visit("/")
		if a.StatusCode != http.StatusSeeOther {
			if a.Page() != "problem cookies_refused" || !strings.Contains(a.Text, "/.proconnect/login?return_to=") {
				t.Errorf("round %d ended at %d, page %q", round, a.StatusCode, a.Page())
			}
			return
		}
		for !strings.Contains(a.RedirectURL(), "/.proconnect/callback") {
			a = b.Visit(a.RedirectURL())
		}
		b.Visit(a.RedirectURL())
	}
	t.Error("still going round")
}

// Somebody who changes account again and again is in no loop, and is sent on to
// prove more like anybody else.
func TestBrowserThatChangesAccount(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	proconnect /admin/* {
		allow mfa
	}
	respond "in"
}`)
	b := s.Browser("http://localhost:{$PORT}")
	for range 4 {
		b.Login("/", url.Values{"person": {"ministry"}})
		b.Follow(b.Visit("/.proconnect/logout"))
	}
	b.Login("/", url.Values{"person": {"commune"}})
	if a := b.Visit("/admin/"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("got %d, page %q, want the way to ProConnect", a.StatusCode, a.Page())
	}
}

// A form sent without the level that the page asks for: the login that the page
// offers must bring the level, or the form could never be sent.
func TestFormThatNeedsStepUp(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	proconnect /admin/* {
		allow mfa
	}
	respond "in"
}`)
	b := s.Browser("http://localhost:{$PORT}")
	b.Login("/", url.Values{"person": {"ministry"}})
	a := b.Request(http.MethodPost, "/admin/save", url.Values{"x": {"1"}}, "Referer", b.Base+"/admin/edit?id=7")
	want := "/.proconnect/login?return_to=%2Fadmin%2Fedit%3Fid%3D7&amp;acr_values=eidas0-mfa"
	if a.StatusCode != http.StatusUnauthorized || a.Page() != "form-lost" || !strings.Contains(a.Text, want) {
		t.Errorf("got %d, page %q, without %s", a.StatusCode, a.Page(), want)
	}
	if strings.Contains(a.Text, "session était terminée") || !strings.Contains(a.Text, "identifier de nouveau") {
		t.Errorf("the session has not ended: %s", a.Text)
	}
}

// A restart of Caddy finds the keys and the revocations in the storage.
func TestRestart(t *testing.T) {
	const sites = `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond "in"
}`
	s := caddytest.Start(t, caddytest.Sandbox, sites)
	stays, leaves := s.Browser("http://localhost:{$PORT}"), s.Browser("http://localhost:{$PORT}")
	stays.Login("/", url.Values{"person": {"ministry"}})
	leaves.Login("/", url.Values{"person": {"commune"}})
	home, err := url.Parse(leaves.Base)
	if err != nil {
		t.Fatal(err)
	}
	stolen := leaves.Jar.Cookies(home)
	leaves.Follow(leaves.Visit("/.proconnect/logout"))

	s.Restart(caddytest.Sandbox, sites)
	if a := stays.Visit("/"); a.Text != "in" {
		t.Errorf("after a restart a session is worth %d, page %q", a.StatusCode, a.Page())
	}
	leaves.Jar.SetCookies(home, stolen)
	if a := leaves.Visit("/"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("after a restart a session that was logged out is worth %d", a.StatusCode)
	}
}

// The sandbox's own cookie stays in front of the gate too, whatever the client is
// called: with it, anybody could log in again as the person.
func TestSandboxCookieIsHidden(t *testing.T) {
	s := caddytest.Start(t, "proconnect staging {\n environment sandbox\n }", `
http://localhost:{$PORT} {
	proconnect {
		client staging
		allow any
	}
	respond "cookies: {header.Cookie}"
}`)
	b := s.Browser("http://localhost:{$PORT}")
	if a := b.Login("/", url.Values{"person": {"ministry"}}); a.Text != "cookies: " {
		t.Errorf("behind the gate: %s", a.Text)
	}
}

// A login as somebody else takes the place of the session that was there: a copy
// of its cookie must not outlive it, for no logout would end it.
func TestLoginAsSomebodyElseEndsTheOther(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond "{http.auth.user.given_name}"
}`)
	b, thief := s.Browser("http://localhost:{$PORT}"), s.Browser("http://localhost:{$PORT}")
	b.Login("/", url.Values{"person": {"ministry"}})
	home, err := url.Parse(b.Base)
	if err != nil {
		t.Fatal(err)
	}
	thief.Jar.SetCookies(home, b.Jar.Cookies(home))
	if a := thief.Visit("/"); a.Text != "Camille" {
		t.Fatalf("a copy of a living session is worth %d: %s", a.StatusCode, a.Text)
	}
	// Another person at ProConnect, in the browser whose session here goes on.
	b.Jar.SetCookies(home, []*http.Cookie{{Name: "proconnect_sandbox", Path: "/", MaxAge: -1}})
	if a := b.GoOn(b.Login("/", url.Values{"person": {"commune"}})); a.Text != "Sacha" {
		t.Fatalf("the other person got %d: %s", a.StatusCode, a.Text)
	}
	if a := thief.Visit("/"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the copy is worth %d: %s", a.StatusCode, a.Text)
	}
}

// A login that was under way while the configuration changed has not asked for
// what the new rules read. What was not asked for is not absent: the person
// passes by ProConnect once more, and is then seen for who they are.
func TestLoginAcrossReload(t *testing.T) {
	const site = `
http://localhost:{$PORT} {
	proconnect {
		allow %s
	}
	respond "protected"
}`
	s := caddytest.Start(t, caddytest.Sandbox, fmt.Sprintf(site, "any"))
	b := s.Browser("http://localhost:{$PORT}")
	contractor := url.Values{"person": {"ministry"}, "belonging_population": {"prestataire"}}

	a := b.Visit("/.proconnect/login?return_to=/docs")
	s.Reload(b, caddytest.Sandbox, fmt.Sprintf(site, "belonging_population absent"))
	a = b.Request(http.MethodPost, a.RedirectURL(), contractor)
	a = b.Visit(a.RedirectURL()) // the callback
	if a = b.Visit(a.RedirectURL()); a.StatusCode != http.StatusSeeOther || !strings.Contains(a.RedirectURL(), "scope=") {
		t.Fatalf("a session that asked for less is worth %d, want one more login: %s", a.StatusCode, a.Text)
	}
	if a = b.Authorize(a, contractor); a.StatusCode != http.StatusForbidden {
		t.Errorf("a contractor enters where `belonging_population absent` is asked: %d", a.StatusCode)
	}
}
