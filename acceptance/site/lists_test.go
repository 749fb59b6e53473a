package site_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/waits"
)

// A list is written by people and by scripts that fail halfway: what is in force
// stays in force whatever becomes of the file. Nobody who is on the list is shut
// out of work, and nobody else gets in: half a SIRET may be a SIREN, which admits
// all establishments of that organisation.
func TestListStaysInForce(t *testing.T) {
	const (
		dinum     = "13002526500013"
		neighbour = "13002526500021" // of the same SIREN
		clamart   = "21920023500014"
	)
	becomes := func(content string) func(string) error {
		return func(path string) error { return os.WriteFile(path, []byte(content), 0o600) }
	}
	breaks := map[string]func(path string) error{
		"zero-bytes":  becomes(""),
		"unended":     becomes(""), // the list in force has no line break at its end
		"blank":       becomes("\n\n"),
		"removed":     os.Remove,
		"latin-1":     becomes("# \xe0 jour\n" + clamart + "\n"),
		"utf-16":      becomes("\xff\xfe2\x001\x00\n\x00"),
		"a-digit-off": becomes(clamart + "\n" + dinum[:13] + "\n"),
		"half-a-line": becomes(clamart + "\n" + dinum[:9]),
		"a-folder":    func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) },
	}
	quickLists(t)
	s := caddytest.New(t)
	lists, sites := make(map[string]string), ""
	for name := range breaks {
		content := clamart + "\n" + dinum + "\n"
		if name == "unended" {
			content = strings.TrimSpace(content)
		}
		lists[name] = s.Write(name+".txt", content)
		sites += strings.Replace(caddytest.GatedBy("allow siret from "+lists[name]), "localhost", name+".localhost", 1)
	}
	s.Run(caddytest.Sandbox, sites)
	members, others := make(map[string]*caddytest.Browser), make(map[string]*caddytest.Browser)
	for name := range breaks {
		members[name] = s.Browser("http://" + name + ".localhost:{$PORT}")
		members[name].Login("/", url.Values{"person": {"ministry"}})
		others[name] = s.Browser("http://" + name + ".localhost:{$PORT}")
		others[name].Login("/", url.Values{"person": {"ministry"}, "siret": {neighbour}})
	}
	check := func(t *testing.T, name string) {
		t.Helper()
		members[name].T, others[name].T = t, t
		if a := members[name].Visit("/"); a.StatusCode != http.StatusOK {
			t.Fatalf("somebody on the list: %d", a.StatusCode)
		}
		if a := others[name].Visit("/"); a.StatusCode != http.StatusForbidden {
			t.Fatalf("somebody who is not: %d", a.StatusCode)
		}
	}
	for name, path := range lists {
		check(t, name)
		if err := breaks[name](path); err != nil {
			t.Fatal(err)
		}
	}
	for name, path := range lists {
		t.Run(name, func(t *testing.T) {
			for deadline := time.Now().Add(time.Minute); !keeps(s, path); {
				if check(t, name); time.Now().After(deadline) {
					t.Fatal("the log does not say that the last good version stays in force")
				}
				<-time.After(50 * time.Millisecond) // between two questions, not for an answer
			}
			check(t, name)
		})
	}
}

// quickLists has lists looked at often, and believed as soon as they lie still for a moment.
func quickLists(t *testing.T) {
	t.Helper()
	caddytest.Shorten(t, &waits.Lists, 20*time.Millisecond)
	caddytest.Shorten(t, &waits.Settling, 100*time.Millisecond)
	caddytest.Shorten(t, &waits.Unended, 500*time.Millisecond)
}

// keeps says whether the log tells that a list's new version was not taken up.
func keeps(s *caddytest.Server, path string) bool {
	s.T.Helper()
	for _, line := range s.Logged() {
		if line.Text("msg") == "list: the last good version stays in force" && strings.Contains(line.Text("error"), path) {
			return true
		}
	}
	return false
}

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
	quickLists(t)
	s := caddytest.New(t)
	list := s.Write("list.txt", "21920023500014\n")
	s.Run(caddytest.Sandbox, caddytest.GatedBy("allow siret from "+list))
	s.Write("list.txt", "21920023500014\n13002526500013\n11002001300097\n")
	for deadline := time.Now().Add(time.Minute); ; {
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
