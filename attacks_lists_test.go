package proconnect_test

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
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
			for deadline := time.Now().Add(15 * time.Second); !keeps(s, path); {
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
func keeps(s *caddytest.Server, path string) bool {
	s.T.Helper()
	for _, line := range s.Logged() {
		if line.Text("msg") == "list: the last good version stays in force" && strings.Contains(line.Text("error"), path) {
			return true
		}
	}
	return false
}
