package proconnect_test

import (
	"net/http"
	"testing"
)

// "a plain login after an MFA login of the same person", by somebody who is the
// same in one respect alone: a sub is unique at one identity provider (sub and
// idp_id together name a person), and an identity provider has many people. The
// level that the first has proven is not the second's, nor is the session.
func TestAttackLevelOfSomebodyAlike(t *testing.T) {
	for name, claim := range map[string]string{"the same sub at another identity provider": "idp_id", "another sub at the same identity provider": "sub"} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			p.acr = "eidas1-mfa"
			s := start(t, p.link(), mfaSite)
			b := s.browser("http://localhost:{$PORT}")
			if a := b.loginAt("/admin/x"); a.Text != "inside eidas1-mfa" {
				t.Fatalf("the first: %d %s", a.StatusCode, a.Text)
			}
			first := b.cookies()
			p.mu.Lock()
			p.acr, p.claims[claim] = "eidas1", "71144ab3-ee1a-4401-b7b3-79b44f7daeeb"
			p.mu.Unlock()
			if a := b.loginAt("/"); a.Text != "inside eidas1" {
				t.Fatalf("the second: %d %s", a.StatusCode, a.Text)
			}
			if a := b.get("/admin/x"); a.StatusCode != http.StatusSeeOther {
				t.Errorf("the level of the first counts for the second: %d %s", a.StatusCode, a.Text)
			}
			if got := s.worth(b, first); got != http.StatusUnauthorized {
				t.Errorf("the session of the first goes on in copies of its cookie: %d", got)
			}
		})
	}
}
