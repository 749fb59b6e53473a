package proconnect_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A gate of one link that stands on another's endpoints opens its own session,
// which those take for theirs.
func TestAttackSessionOfAnotherLink(t *testing.T) {
	s := caddytest.Start(t, "proconnect {\n environment sandbox\n }\n proconnect other {\n environment sandbox\n client_id other\n }", `
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
	b := s.Browser("http://docs.localhost:{$PORT}")
	b.Login("/x", url.Values{"person": {"ministry"}, "acr": {"eidas3"}})
	if a := b.Visit("/.other/session", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("/.other/session tells the other link's session: %d %s", a.StatusCode, a.Text)
	}
	// Somebody else logs in by the other link, and logs out of it.
	b.Jar.SetCookies(b.Home(), []*http.Cookie{{Name: "proconnect_sandbox", Path: "/", MaxAge: -1}})
	a := b.Authorize(b.Visit("/.other/login?return_to=/other/x&acr_values=eidas3"), url.Values{"person": {"commune"}, "acr": {"eidas3"}})
	if !strings.HasPrefix(a.Text, "inside eidas3") {
		t.Fatalf("%d %s", a.StatusCode, a.Page())
	}
	stolen := b.Cookie("proconnect-other")
	if a = b.Visit("/.other/logout"); a.StatusCode != http.StatusSeeOther {
		t.Fatal(a.StatusCode)
	}
	thief := s.Browser("http://docs.localhost:{$PORT}")
	thief.Plant("proconnect-other", stolen)
	if a = thief.Visit("/other/x"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the cookie lives after the logout: %d %s", a.StatusCode, a.Text)
	}
}

// A matcher asks for people of another link than the gate before it. Of that link
// nobody is known here, and nothing may follow from it: where a rule is false, a
// `not` around it lets everybody through. So it is an error, whatever it asks.
func TestAttackMatcherOfAnotherLink(t *testing.T) {
	const (
		links = "proconnect {\n environment sandbox\n }\n proconnect other {\n environment sandbox\n client_id other\n }"
		site  = `
http://NAME.localhost:{$PORT} {
	proconnect {
		allow any
	}
	@x MATCHER
	respond @x "matched"
	respond "not matched"
}`
		asked = "proconnect {\n client CLIENT\n roles ROLE\n }"
	)
	tests := []struct {
		name, matcher, client, role string
		want                        string // nothing: an error
	}{
		{"holds", asked, "other", "agent_public", ""},
		{"fails", asked, "other", "agent_public_territorial", ""},
		{"not-holds", "not {\n " + asked + "\n }", "other", "agent_public", ""},
		{"not-fails", "not {\n " + asked + "\n }", "other", "agent_public_territorial", ""},
		{"not-not", "not {\n not {\n " + asked + "\n }\n }", "other", "agent_public", ""},
		{"same", asked, "default", "agent_public", "matched"},
		{"same-not", "not {\n " + asked + "\n }", "default", "agent_public", "not matched"},
	}
	var sites strings.Builder
	for _, tt := range tests {
		text := strings.Replace(site, "MATCHER", tt.matcher, 1)
		sites.WriteString(strings.NewReplacer("NAME", tt.name, "CLIENT", tt.client, "ROLE", tt.role).Replace(text))
	}
	s := caddytest.Start(t, links, sites.String())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := s.Browser("http://" + tt.name + ".localhost:{$PORT}")
			b.T = t
			a := b.Login("/", url.Values{"person": {"ministry"}})
			status := http.StatusOK
			if tt.want == "" {
				status = http.StatusInternalServerError
			}
			if a.StatusCode != status || a.Text != tt.want {
				t.Errorf("got %d: %s", a.StatusCode, a.Text)
			}
		})
	}
	if log := s.Logs(); !strings.Contains(log, `"client":"other","gate":"default"`) {
		t.Error("the log does not name both links")
	}
}
