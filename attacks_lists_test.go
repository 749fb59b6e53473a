package proconnect_test

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// A list is written by people and by scripts that fail halfway: what is in force
// stays in force whatever becomes of the file. Nobody who is on the list is shut
// out of work, and nobody else gets in: half a SIRET may be a SIREN, which admits
// all establishments of that organisation.
func TestAttackListStaysInForce(t *testing.T) {
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
	s := &server{t: t, Port: freePort(t), TLSPort: freePort(t), dir: t.TempDir()}
	lists, sites := make(map[string]string), ""
	for name := range breaks {
		content := clamart + "\n" + dinum + "\n"
		if name == "unended" {
			content = strings.TrimSpace(content)
		}
		lists[name] = s.write(name+".txt", content)
		sites += strings.Replace(gatedBy("allow siret from "+lists[name]), "localhost", name+".localhost", 1)
	}
	s.run(sandboxLink, sites)
	members, others := make(map[string]*browser), make(map[string]*browser)
	for name := range breaks {
		members[name] = s.browser("http://" + name + ".localhost:{$PORT}")
		members[name].login("/", url.Values{"person": {"ministry"}})
		others[name] = s.browser("http://" + name + ".localhost:{$PORT}")
		others[name].login("/", url.Values{"person": {"ministry"}, "siret": {neighbour}})
	}
	check := func(t *testing.T, name string) {
		t.Helper()
		members[name].t, others[name].t = t, t
		if a := members[name].get("/"); a.StatusCode != http.StatusOK {
			t.Fatalf("somebody on the list: %d", a.StatusCode)
		}
		if a := others[name].get("/"); a.StatusCode != http.StatusForbidden {
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
			for deadline := time.Now().Add(15 * time.Second); !s.keeps(path); {
				if check(t, name); time.Now().After(deadline) {
					t.Fatal("the log does not say that the last good version stays in force")
				}
				<-time.After(50 * time.Millisecond) // between two questions, not for an answer
			}
			check(t, name)
		})
	}
}

// keeps says whether the log tells that a list's new version was not taken up.
func (s *server) keeps(path string) bool {
	s.t.Helper()
	for _, line := range s.logged() {
		if line.text("msg") == "list: the last good version stays in force" && strings.Contains(line.text("error"), path) {
			return true
		}
	}
	return false
}
