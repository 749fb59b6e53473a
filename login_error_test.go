package proconnect_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// failed is what a browser gets when ProConnect answers a login by an error.
func (b *browser) failed(t *testing.T, p *provider, away answer, code string) answer {
	t.Helper()
	u, err := url.Parse(away.location())
	if err != nil || away.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d, page %q: want a redirect to ProConnect", away.StatusCode, away.page())
	}
	q := url.Values{"error": {code}, "iss": {p.URL}, "state": {u.Query().Get("state")}}
	return b.get("/.proconnect/callback?" + q.Encode())
}

// ProConnect answers login_required to normal logins of whoever has a session there
// of an identity provider that was disabled since: logging in again does not help,
// logging out does.
func TestLoginRequiredOffersAnotherAccount(t *testing.T) {
	p := newProvider(t)
	s := start(t, p.link(), logoutSite)
	b := s.browser("http://localhost:{$PORT}")
	a := b.failed(t, p, b.get(b.get("/x").loginLink(t)), "login_required")
	if a.StatusCode != http.StatusUnauthorized || a.page() != "login" {
		t.Fatalf("got %d, page %q", a.StatusCode, a.page())
	}
	b.get(a.loginLink(t)) // a normal login is offered too
	if away := b.changeAccount(t, a); !strings.HasPrefix(away.location(), p.URL+"/authorize?") {
		t.Errorf("after the logout: %d to %s", away.StatusCode, away.location())
	}
}

// A person whose identity provider is gone from ProConnect cannot be led back to it.
// That is no fault of the configuration: another account may do.
func TestStepUpToAProviderThatIsGone(t *testing.T) {
	p := newProvider(t)
	s := start(t, p.link(), mfaSite)
	b := s.browser("http://localhost:{$PORT}")
	if a := b.loginAt("/"); !strings.HasPrefix(a.Text, "inside") {
		t.Fatalf("login: %d", a.StatusCode)
	}
	a := b.failed(t, p, b.get("/admin/x"), "idp_hint_not_found")
	if a.StatusCode != http.StatusForbidden || a.page() != "problem provider_refused" {
		t.Errorf("got %d, page %q", a.StatusCode, a.page())
	}
	if line := s.line(a.reference()); !strings.Contains(line, "gone from ProConnect") {
		t.Errorf("the log says %s", line)
	}
	b.changeAccount(t, a)
}
