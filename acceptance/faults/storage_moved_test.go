package faults_test

import (
	"net/http"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A configuration that brings another storage goes on with what the process knew: who
// logged out before stays out, and nobody else notices.
func TestReloadWithAnotherStorage(t *testing.T) {
	const client = "proconnect {\n environment sandbox\n session {\n secret " + caddytest.SessionSecret + "\n }\n }"
	const site = `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond "inside"
}`
	s := caddytest.Start(t, client, site)
	browser := func() *caddytest.Browser {
		b := s.Browser("http://localhost:{$PORT}")
		b.RetryResets()
		if a := b.Login("/x", ministry); a.Text != "inside" {
			t.Fatalf("a login ends at %d, page %q", a.StatusCode, a.Page())
		}
		return b
	}
	stays, leaves := browser(), browser()
	gone := leaves.Cookies()
	leaves.Visit("/.proconnect/logout")
	s.Load("storage file_system {$DIR}/other\n"+client, site)
	if a := stays.Visit("/x"); a.Text != "inside" {
		t.Errorf("who stays: %d, page %q", a.StatusCode, a.Page())
	}
	leaves.Jar = nil
	if a := leaves.Send(http.MethodGet, "/x", http.Header{"Cookie": {gone}}); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("a session that was logged out is worth %d", a.StatusCode)
	}
}
