package recipes_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/doccode"
)

func TestMaintenancePage(t *testing.T) {
	up := caddytest.Echo(t)
	s := start(t, doccode.Recipe(t, "A maintenance page", "caddyfile"), sandbox, up.Addr(), map[string]string{"maintenance/page.html": "back at three"})
	b := s.Browser(site("docs"))
	wantStatus(t, "before", b.Login("/x", form("ministry")), http.StatusOK)
	calls := up.Calls.Load()
	s.Write("maintenance/on", "")
	for _, path := range []string{"/x", "/", "/on", "/.proconnect/login?return_to=/x", "/.proconnect/session"} {
		for who, visitor := range map[string]*caddytest.Browser{"a person": b, "a stranger": s.Browser(site("docs"))} {
			a := visitor.Visit(path)
			if a.StatusCode != http.StatusServiceUnavailable || a.Text != "back at three" || a.Header.Get("Retry-After") != "600" || a.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s at %s: got %d %q %v", who, path, a.StatusCode, a.Text, a.Header)
			}
		}
	}
	if up.Calls.Load() != calls {
		t.Error("the application was asked meanwhile")
	}
	if err := os.Remove(filepath.Join(s.Dir, "maintenance/on")); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, "after, with the session of before", b.Visit("/x"), http.StatusOK)
	wantStatus(t, "a stranger after", s.Browser(site("docs")).Visit("/x"), http.StatusUnauthorized)
}

// In the place of the error, a second gate: the team goes on, the others wait.
func TestMaintenanceWithTheTeam(t *testing.T) {
	recipe := doccode.Recipe(t, "A maintenance page", "caddyfile")
	const closed = "error @maintenance 503"
	if !strings.Contains(recipe.Text, closed) {
		t.Fatal("the recipe closes the site otherwise")
	}
	recipe.Text = strings.Replace(recipe.Text, closed, "proconnect @maintenance {\nallow siren 130025265\n}", 1)
	s := start(t, recipe, sandbox, caddytest.Echo(t).Addr(), nil)
	team, others := s.Browser(site("docs")), s.Browser(site("docs"))
	wantStatus(t, "the team, before", team.Login("/x", form("ministry")), http.StatusOK)
	wantStatus(t, "others, before", others.Login("/x", form("commune")), http.StatusOK)
	s.Write("maintenance/on", "")
	wantStatus(t, "the team, meanwhile", team.Visit("/x"), http.StatusOK)
	wantStatus(t, "others, meanwhile", others.Visit("/x"), http.StatusForbidden)
}

func TestStagingWithAPassword(t *testing.T) {
	t.Setenv("TEAM_HASH", hash)
	up := caddytest.Echo(t)
	s := start(t, doccode.Recipe(t, "Staging, with a password too", "caddyfile"), sandbox, up.Addr(), nil)
	b := s.Browser(site("staging"))
	for _, path := range []string{"/", "/.proconnect/login?return_to=/", "/.proconnect/session"} {
		a := b.Visit(path)
		if a.StatusCode != http.StatusUnauthorized || a.Page() != "" || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Basic") || a.Header.Get("X-Robots-Tag") != "noindex" {
			t.Errorf("%s without the password: got %d, page %q", path, a.StatusCode, a.Page())
		}
	}
	password := []string{"Authorization", teamSays}
	if a := b.Visit("/x", password...); a.Page() != "login" {
		t.Fatalf("with the password: got %d, page %q", a.StatusCode, a.Page())
	}
	a := b.Request(http.MethodPost, b.Visit("/.proconnect/login?return_to=/x", password...).RedirectURL(), form("commune"), password...)
	for range 5 {
		if a.StatusCode == http.StatusSeeOther {
			a = b.Visit(a.RedirectURL(), password...)
		}
	}
	got := a.Received(t)
	if user := got.Header.Get("X-User"); user == "" || user == "team" || got.Header["Authorization"] != nil {
		t.Errorf("the site hears %v", got.Header)
	}
	wantStatus(t, "the session without the password", b.Visit("/x"), http.StatusUnauthorized)
}

func TestComingFromOAuth2Proxy(t *testing.T) {
	if before := doccode.Recipe(t, "Coming from oauth2-proxy", "text").Text; !strings.Contains(before, "forward_auth localhost:4180") {
		t.Error("the recipe does not show where one comes from")
	}
	up := caddytest.Echo(t)
	s := start(t, doccode.Recipe(t, "Coming from oauth2-proxy", "caddyfile"), sandbox, up.Addr(), nil)
	b := s.Browser(site("docs"))
	to := b.Visit("/.proconnect/login?return_to=/x")
	if uri := to.RedirectURL(); !strings.Contains(uri, "%2Foauth2%2Fcallback") {
		t.Errorf("the redirect URI is not the one that is registered: %s", uri)
	}
	got := b.Authorize(to, form("ministry", "email", "camille@example.gouv.fr")).Received(t)
	if got.URI != "/x" || got.Header.Get("X-Auth-Request-Email") != "camille@example.gouv.fr" || got.Header.Get("X-Auth-Request-User") == "" {
		t.Errorf("the application hears %v", got.Header)
	}
	forged := b.Visit("/x", "X-Auth-Request-Email", "admin@example.gouv.fr", "X-Auth-Request-User", "admin", "X-Auth-Request-Groups", "admins").Received(t)
	if forged.Header.Get("X-Auth-Request-Email") != "camille@example.gouv.fr" || forged.Header.Get("X-Auth-Request-User") == "admin" || forged.Header["X-Auth-Request-Groups"] != nil {
		t.Errorf("forged: the application hears %v", forged.Header)
	}
	wantStatus(t, "the same email from another organisation", as(s, site("docs"), "/", "commune", "email", "camille@example.gouv.fr"), http.StatusForbidden)
	if a := b.Visit(b.Visit("/oauth2/sign_out").RedirectURL()); a.StatusCode != http.StatusSeeOther || !strings.Contains(a.RedirectURL(), "end") {
		t.Errorf("the old logout: got %d to %s", a.StatusCode, a.RedirectURL())
	}
	wantStatus(t, "after the logout", b.Visit("/x"), http.StatusUnauthorized)
}
