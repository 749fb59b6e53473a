package proconnect_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
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
			s := &server{t: t, Port: freePort(t), TLSPort: freePort(t), dir: t.TempDir()}
			s.run(sandboxLink, gatedBy(strings.ReplaceAll(c.rules, "FILE", s.write("list.txt", c.content))))
			if a := s.browser("http://localhost:{$PORT}").login("/", person); a.StatusCode != c.status {
				t.Errorf("got %d, want %d", a.StatusCode, c.status)
			}
		})
	}
}

// The log tells each change that is taken up, with what an operator can compare.
func TestListsTellTheirChanges(t *testing.T) {
	s := &server{t: t, Port: freePort(t), TLSPort: freePort(t), dir: t.TempDir()}
	list := s.write("list.txt", "21920023500014\n")
	s.run(sandboxLink, gatedBy("allow siret from "+list))
	s.write("list.txt", "21920023500014\n13002526500013\n11002001300097\n")
	for deadline := time.Now().Add(20 * time.Second); ; {
		if text := s.line("list: a new version is in force"); text != "" {
			var line logLine
			if err := json.Unmarshal([]byte(text), &line); err != nil {
				t.Fatal(err)
			}
			if line.text("file") != list || line["entries_before"] != 1.0 || line["entries_after"] != 3.0 {
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
