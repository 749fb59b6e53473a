package site_test

import (
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A list that changes while Caddy runs is an event: which file, how many entries there were
// and are, and how many lines are left out. A version with faulty lines is not taken, and is
// no event; the log has it.
func TestAuditTellsThatAListChanged(t *testing.T) {
	quickLists(t)
	s := caddytest.New(t)
	list := s.Write("list.txt", "21920023500014\n13002526500014\n") // of which one is left out
	s.Run(caddytest.Sandbox+auditFile, caddytest.GatedBy("allow roles agent_public_etat; deny siret from "+list))
	b := s.Browser("http://localhost:{$PORT}")
	if a := b.Login("/", url.Values{"person": {"ministry"}}); a.StatusCode != http.StatusForbidden {
		t.Fatalf("a deny whose list has a faulty line admits: %d", a.StatusCode)
	}
	replaceList(t, list, "21920023500014\n13002526500014\nnobody\n")
	awaitLine(t, s, "list: the last good version stays in force")
	if lines := audited(t, s, "list_changed"); len(lines) != 0 {
		t.Fatalf("what is not taken: %v", lines)
	}
	replaceList(t, list, "21920023500014\n11002001300097\n")
	awaitLine(t, s, "list: a new version is in force")
	if a := b.Visit("/"); a.StatusCode != http.StatusOK {
		t.Errorf("got %d", a.StatusCode)
	}
	lines := audited(t, s, "list_changed")
	if len(lines) != 1 || lines[0].Text("file") != list || lines[0].Text("field") != "siret" || lines[0]["entries_before"] != 1.0 || lines[0]["entries_after"] != 2.0 || lines[0]["faulty_lines"] != 0.0 {
		t.Fatalf("got %v", lines)
	}
	caddytest.WantDocumented(t, lines[0])
}

// A table that two fields read changes for each: the event and the log say which column has
// how many entries.
func TestAuditTellsTheColumnsOfAListApart(t *testing.T) {
	quickLists(t)
	s := caddytest.New(t)
	list := s.Write("agents.csv", "siret;email\n13002526500013;a@example.gouv.fr\n")
	s.Run(caddytest.Sandbox+auditFile, caddytest.GatedBy("allow siret from "+list+"; allow email from "+list))
	replaceList(t, list, "siret;email\n13002526500013;a@example.gouv.fr\n13002526500013;b@example.gouv.fr\n")
	for late := time.After(time.Minute); len(audited(t, s, "list_changed")) < 2; {
		select {
		case <-late:
			t.Fatal("want an event for each field")
		case <-time.After(10 * time.Millisecond): // between two looks
		}
	}
	for _, field := range []string{"siret", "email"} {
		awaitLine(t, s, `"list: a new version is in force","file":"`+list+`","field":"`+field+`"`)
	}
	after := make(map[string]any)
	for _, line := range audited(t, s, "list_changed") {
		caddytest.WantDocumented(t, line)
		after[line.Text("field")] = line["entries_after"]
	}
	if len(after) != 2 || after["siret"] != 1.0 || after["email"] != 2.0 {
		t.Errorf("got %v", after)
	}
}

// replaceList puts a file in a list's place, whole.
func replaceList(t *testing.T, list, content string) {
	t.Helper()
	if err := os.WriteFile(list+".new", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(list+".new", list); err != nil {
		t.Fatal(err)
	}
}

// awaitLine waits until the log has a line.
func awaitLine(t *testing.T, s *caddytest.Server, text string) {
	t.Helper()
	for late := time.After(time.Minute); s.Line(text) == ""; {
		select {
		case <-late:
			t.Fatalf("the log has no %q", text)
		case <-time.After(10 * time.Millisecond): // between two questions
		}
	}
}
