package commands

import (
	"crypto/rand"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "write the golden files anew")

// rule separates a configuration from what is printed of it.
const rule = "\n----------\n"

// checked is a shell in which the variables and lists of the golden configurations are.
func checked(t *testing.T, config string) *shell {
	t.Helper()
	s := newShell(t, "PROCONNECT_CLIENT_ID=an-id", "PROCONNECT_CLIENT_SECRET=a-secret-of-some-length",
		"STAGING_CLIENT_ID=another-id", "STAGING_CLIENT_SECRET=another-secret-of-some-length")
	// As long as /etc/caddy, which is in the golden files instead: lines break alike.
	s.cwd = filepath.Join("/tmp", strings.ToLower(rand.Text()[:5]))
	if err := os.Mkdir(s.cwd, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(s.cwd) })
	s.env = append(s.env, "DIR="+s.cwd)
	s.write("good.txt", "130025265\n21920023500014\n")
	s.write("bad.txt", "130025265\n3002526500013\n21920023500014\nnobody\n")
	s.write("Caddyfile", config)
	return s
}

// What is open, what is gated by which gate, and what is wrong, for configurations as
// people write them. The text is read by people, so it fits a terminal; the exit code is
// read by scripts.
func TestCheck(t *testing.T) {
	files, err := filepath.Glob("testdata/check/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			config, want, _ := strings.Cut(string(text), rule)
			s := checked(t, config)
			a := s.proconnect("check")
			strict := s.proconnect("check", "--strict")
			got := strings.ReplaceAll(a.out+a.err, s.cwd, "/etc/caddy")
			got += fmt.Sprintf("exit code %d, with --strict %d\n", a.code, strict.code)
			fits(t, got)
			if *update {
				if err := os.WriteFile(file, []byte(config+rule+got), 0o600); err != nil {
					t.Fatal(err)
				}
			} else if got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// fits checks that a text fits a terminal. A word that is longer than a line is alone on
// it, behind its indent.
func fits(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if utf8.RuneCountInString(line) > 80 && len(strings.Fields(line)) > 1 {
			t.Errorf("%d columns: %s", utf8.RuneCountInString(line), line)
		}
		if strings.ContainsRune(line, '\x1b') {
			t.Errorf("an escape sequence: %q", line)
		}
	}
}

// Configurations that the pages show are among those of the golden files.
func TestCheckKnowsTheDocs(t *testing.T) {
	var shown strings.Builder
	for _, page := range []string{"../../README.md", "../../docs/deploy.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		shown.Write(text)
	}
	for _, name := range []string{"first_site", "several_clients"} {
		text, err := os.ReadFile("testdata/check/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		config, _, _ := strings.Cut(string(text), rule)
		if !strings.Contains(shown.String(), "```caddyfile\n"+config+"\n```") {
			t.Errorf("%s is in no page as it stands", name)
		}
	}
}
