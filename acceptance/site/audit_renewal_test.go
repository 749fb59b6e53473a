package site_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// What becomes of a session at ProConnect is told: that it was confirmed, was not, or that
// another account took its place.
func TestAuditTellsWhatBecomesOfASession(t *testing.T) {
	s := caddytest.Start(t, renewingSandbox+auditFile, renewingSite)
	one := func(event string) caddytest.LogLine {
		t.Helper()
		lines := audited(t, s, event)
		if len(lines) != 1 {
			t.Fatalf("%d events %s, want 1", len(lines), event)
		}
		caddytest.WantDocumented(t, lines[0])
		return lines[0]
	}

	b := confirmed(s, t, 90*time.Minute)
	b.Visit(renewing(b, "/docs?page=2"))
	if line := one("renewed"); line.Text("path") != "/docs" {
		t.Errorf("got %v", line)
	}

	b = confirmed(s, t, 90*time.Minute)
	b.Visit(answering(renewing(b, "/docs"), "login_required"))
	who := one("ended").Text("sub")

	b = confirmed(s, t, 90*time.Minute)
	atProConnect(s, b, url.Values{"person": {"commune"}})
	if a := b.Visit(renewing(b, "/docs")); a.StatusCode != http.StatusOK {
		t.Fatalf("got %d, page %q", a.StatusCode, a.Page())
	}
	line := one("person_changed")
	before, _ := line["before"].(map[string]any)
	if before["sub"] != who || line.Text("sub") == who || len(before) != 3 {
		t.Errorf("got %v", line)
	}
}
