package commands

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/doccode"
)

// transcript is a command that docs/operations.md shows, and what it printed there.
type transcript struct{ command, printed string }

// transcripts are those of the page, by the command's name, and the Caddyfile that they are of.
func transcripts(t *testing.T) (config string, byName map[string]transcript) {
	t.Helper()
	blocks := doccode.Section(t, filepath.Join(caddytest.Root(t), "docs/operations.md"), "### From the keys to the first revocation")
	byName = make(map[string]transcript)
	for _, text := range doccode.Of(blocks, "console") {
		for shown := range strings.SplitSeq("\n"+text, "\n$ ") {
			end := regexp.MustCompile(`[^\\]\n`).FindStringIndex(shown + "\n")
			if end == nil {
				continue
			}
			command := strings.ReplaceAll(shown[:end[0]+1], "\\\n", "")
			if _, words, ours := strings.Cut(command, "caddy proconnect "); ours {
				name, _, _ := strings.Cut(words, " ")
				byName[name] = transcript{command, strings.TrimSuffix(shown[min(end[1], len(shown)):], "\n") + "\n"}
			}
			fits(t, shown)
		}
	}
	return doccode.Of(blocks, "caddyfile")[0], byName
}

// args are the words behind "caddy proconnect".
func (tr transcript) args() []string {
	_, words, _ := strings.Cut(tr.command, "caddy proconnect ")
	return strings.Fields(words)
}

// What docs/operations.md shows of the commands that only read is what they print, letter
// by letter. What the doctor prints, e2e compares.
func TestOperationsShowWhatIsPrinted(t *testing.T) {
	config, shown := transcripts(t)
	s := checked(t, strings.ReplaceAll(config, "/etc/caddy/", "{$DIR}/"))
	s.write("proconnect.env", "PROCONNECT_CLIENT_ID=the-client-id\n")
	for i, variable := range s.env { // the file's counts where none is set
		if strings.HasPrefix(variable, "PROCONNECT_CLIENT_ID=") {
			s.env[i] = "UNUSED="
		}
	}
	s.write("blocked.txt", "# nobody\n")
	for name, code := range map[string]int{"uris": 0, "check": 0, "explain": 1} {
		a := s.proconnect(shown[name].args()...).want(t, code)
		if got := strings.TrimRight(strings.ReplaceAll(a.out, s.cwd, "/etc/caddy"), "\n") + "\n"; got != strings.TrimRight(shown[name].printed, "\n")+"\n" {
			t.Errorf("%s prints\n%s\nand docs/operations.md shows\n%s", shown[name].command, got, shown[name].printed)
		}
	}
}

// The same of those that ask the Caddy that runs, but for numbers and times.
func TestOperationsShowWhatTheRunningCaddySays(t *testing.T) {
	config, shown := transcripts(t)
	admin := caddytest.NewAdmin(t)
	s := caddytest.New(t)
	list := s.Write("blocked.txt", "# nobody\n")
	_, sites, _ := strings.Cut(config, "\n}\n")
	s.Run(caddytest.Sandbox+"\n"+admin.Option, strings.NewReplacer(
		"docs.example.gouv.fr {", "http://docs.localhost:{$PORT} {", "status.example.gouv.fr {", "http://status.localhost:{$PORT} {", "/etc/caddy/blocked.txt", list,
	).Replace(sites))
	b := s.Browser("http://docs.localhost:{$PORT}")
	person := url.Values{"person": {"ministry"}, "email": {"camille@example.gouv.fr"}}
	if a := b.Login("/", person); a.StatusCode != http.StatusNotFound { // there are no files
		t.Fatalf("login: %d", a.StatusCode)
	}
	sh := newShell(t)
	asWritten := func(name string) string {
		a := sh.proconnect(append(shown[name].args(), "--address="+admin.Addr)...).want(t, 0)
		return strings.NewReplacer(list, "/etc/caddy/blocked.txt", "docs.localhost", "docs.example.gouv.fr").Replace(a.out)
	}
	sh.write("Caddyfile", "") // the address is another one
	if got, want := numberless(asWritten("status")), numberless(shown["status"].printed); got != want {
		t.Errorf("status prints\n%s\nand docs/operations.md shows\n%s", got, want)
	}
	if err := os.WriteFile(list, []byte("camille@example.gouv.fr\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sh.stdin = "camille@example.gouv.fr\n"
	if got := asWritten("revoke"); got != shown["revoke"].printed {
		t.Errorf("revoke prints\n%s\nand docs/operations.md shows\n%s", got, shown["revoke"].printed)
	}
	if a := b.Visit("/"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("who was revoked gets %d", a.StatusCode)
	}
}

// numberless is a text without its numbers and where its lines break.
func numberless(text string) string {
	return strings.Join(strings.Fields(regexp.MustCompile(`\d+`).ReplaceAllString(text, "N")), " ")
}
