package recipes_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/doccode"
	"github.com/caddy-proconnect/caddy-proconnect/internal/waits"
)

// as logs a person of the sandbox in, with claims changed, in a browser of their own.
func as(s *caddytest.Server, base, target, person string, changed ...string) caddytest.Answer {
	s.T.Helper()
	return s.Browser(base).Login(target, form(person, changed...))
}

func form(person string, changed ...string) url.Values {
	f := url.Values{"person": {person}}
	for i := 0; i+1 < len(changed); i += 2 {
		f[changed[i]] = []string{changed[i+1]}
	}
	return f
}

func wantStatus(t *testing.T, what string, a caddytest.Answer, want int) {
	t.Helper()
	if a.StatusCode != want {
		t.Errorf("%s: got %d, page %q, want %d: %.300s", what, a.StatusCode, a.Page(), want, a.Text)
	}
}

func TestMinistryWithoutContractors(t *testing.T) {
	b := doccode.Recipe(t, "One ministry and no contractors", "caddyfile")
	s := start(t, b, sandbox, "", map[string]string{"intranet/index.html": "the intranet"})
	intranet := site("intranet")
	if a := as(s, intranet, "/", "ministry"); a.Text != "the intranet" {
		t.Errorf("an agent: got %d %q", a.StatusCode, a.Text)
	}
	unknown := as(s, intranet, "/", "ministry", "belonging_population", "")
	contractor := as(s, intranet, "/", "contractor")
	for who, a := range map[string]caddytest.Answer{
		"a contractor": contractor, "an agent of whom the provider does not say what they are": unknown,
		"a trainee": as(s, intranet, "/", "ministry", "belonging_population", "stagiaire"), "a commune's agent": as(s, intranet, "/", "commune"),
	} {
		if wantStatus(t, who, a, http.StatusForbidden); a.Page() != "refused" {
			t.Errorf("%s: page %q", who, a.Page())
		}
	}
	if contractor.Text == unknown.Text {
		t.Error("the page does not tell a contractor from somebody unknown")
	}
	if s.Line("belonging_population") == "" {
		t.Error("no warning names the scope that has to be granted")
	}
}

func TestTeamFromAFile(t *testing.T) {
	caddytest.Shorten(t, &waits.Lists, 20*time.Millisecond)
	caddytest.Shorten(t, &waits.Settling, 100*time.Millisecond)
	b := doccode.Recipe(t, "Thirty people from a file", "caddyfile")
	list := doccode.Recipe(t, "Thirty people from a file", "text").Text
	s := start(t, b, sandbox, "", map[string]string{"team.txt": list, "dossiers/index.html": "the files"})
	dossiers := site("dossiers")
	member := s.Browser(dossiers)
	if a := member.Login("/", form("ministry")); a.Text != "the files" {
		t.Fatalf("a member: got %d %q", a.StatusCode, a.Text)
	}
	wantStatus(t, "a colleague who is not in the list", as(s, dossiers, "/", "mfa"), http.StatusForbidden)
	wantStatus(t, "another provider's user who gives a member's email", as(s, dossiers, "/", "commune", "email", "camille.exemple@test.proconnect.gouv.fr"), http.StatusForbidden)

	s.Write("team.txt", strings.ReplaceAll(list, "camille.exemple@test.proconnect.gouv.fr\n", ""))
	deadline := time.Now().Add(time.Minute)
	for member.Visit("/").StatusCode != http.StatusForbidden {
		if time.Now().After(deadline) {
			t.Fatal("who was taken out of the list still enters")
		}
		<-time.After(20 * time.Millisecond) // between two questions: the list is read by the clock
	}
	if s.Line("a new version is in force") == "" {
		t.Error("the log does not say that a new version is in force")
	}
}

func TestAdminWithSecondFactor(t *testing.T) {
	const proConnectIdentite = "71144ab3-ee1a-4401-b7b3-79b44f7daeeb"
	up := caddytest.Echo(t)
	s := start(t, doccode.Recipe(t, "Only /admin, with a second factor for ProConnect Identité", "caddyfile"), sandbox, up.Addr(), nil)
	tools := site("tools")
	for _, path := range []string{"/admin", "/admin/users"} {
		wantStatus(t, "an agent whose provider has factors of its own: "+path, as(s, tools, path, "ministry"), http.StatusOK)
		wantStatus(t, "another organisation's agent: "+path, as(s, tools, path, "commune"), http.StatusForbidden)
	}
	b := s.Browser(tools)
	wantStatus(t, "a user of ProConnect Identité at /", b.Login("/", form("ministry", "idp_id", proConnectIdentite)), http.StatusOK)
	a := b.Visit("/admin/")
	if a.StatusCode != http.StatusSeeOther && a.Page() != "login" && a.Page() != "step-up" {
		t.Fatalf("at /admin/: got %d, page %q, want the way to a second factor", a.StatusCode, a.Page())
	}
	calls := up.Calls.Load()
	wantStatus(t, "the same as a script", b.Visit("/admin/", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Accept", "application/json"), http.StatusUnauthorized)
	if up.Calls.Load() != calls {
		t.Error("the application was asked without the second factor")
	}
	wantStatus(t, "with a second factor", as(s, tools, "/admin/", "mfa", "idp_id", proConnectIdentite), http.StatusOK)
}
