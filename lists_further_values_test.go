package proconnect_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// The second address of `a@x; b@x` was meant as much as the first: a deny that dropped
// it would let that person in, and an allow that took it would have to guess. Nobody
// enters by such a line, and a deny refuses whom it may name.
func TestListsDropNoFurtherValue(t *testing.T) {
	const me, dinum = "camille@example.gouv.fr", "13002526500013"
	person := url.Values{"person": {"ministry"}, "email": {me}, "siret": {dinum}}
	for name, c := range map[string]struct {
		content, rules string
		status         int
	}{
		"deny, the second of two":         {"x@example.org; " + me + "\ny@example.org\n", "allow roles agent_public; deny email from FILE", http.StatusForbidden},
		"deny, the second column":         {"Nom;Prénom;Contact\nx;y;" + me + "\ny@example.org;;\n", "allow roles agent_public; deny email from FILE", http.StatusForbidden},
		"deny, a named column":            {"Nom;Courriel\nx;" + me + "\n", "allow roles agent_public; deny email from FILE", http.StatusForbidden},
		"deny, a named column of another": {"Nom;Courriel\nx;y@example.org\n", "allow roles agent_public; deny email from FILE", http.StatusOK},
		"deny, a second SIRET":            {"21920023500014, " + dinum + "\n11002001300097\n", "allow roles agent_public; deny siret from FILE", http.StatusForbidden},
		"allow, the second of two":        {"21920023500014, " + dinum + "\n11002001300097\n", "allow siret from FILE", http.StatusForbidden},
		"allow, a SIREN before a SIRET":   {"130025265;13002526500021\n11002001300097\n", "allow siret from FILE", http.StatusForbidden},
		"allow, INSEE's table":            {"siren;nic;siret\n130025265;00021;13002526500021\n", "allow siret from FILE", http.StatusForbidden},
		"allow, INSEE's table of another": {"siren;nic;siret\n130025265;00013;" + dinum + "\n", "allow siret from FILE", http.StatusOK},
		"allow, a list without an end":    {"21920023500014\n" + dinum, "allow siret from FILE", http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			s := caddytest.New(t)
			s.Run(caddytest.Sandbox, caddytest.GatedBy(strings.ReplaceAll(c.rules, "FILE", s.Write("list.txt", c.content))))
			if a := s.Browser("http://localhost:{$PORT}").Login("/", person); a.StatusCode != c.status {
				t.Errorf("got %d, want %d", a.StatusCode, c.status)
			}
		})
	}
}

// The log tells each change that is taken up, with what an operator can compare.
func TestListsTellTheirChanges(t *testing.T) {
	s := caddytest.New(t)
	list := s.Write("list.txt", "21920023500014\n")
	s.Run(caddytest.Sandbox, caddytest.GatedBy("allow siret from "+list))
	s.Write("list.txt", "21920023500014\n13002526500013\n11002001300097\n")
	for deadline := time.Now().Add(20 * time.Second); ; {
		if text := s.Line("list: a new version is in force"); text != "" {
			var line caddytest.LogLine
			if err := json.Unmarshal([]byte(text), &line); err != nil {
				t.Fatal(err)
			}
			if line.Text("file") != list || line["entries_before"] != 1.0 || line["entries_after"] != 3.0 {
				t.Errorf("logged %s", text)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing in the log")
		}
		<-time.After(50 * time.Millisecond) // between two questions, not for an answer
	}
}
