package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestSandboxByScript runs the script of docs/how-it-works.md, as it stands but for the
// port: it logs in as a person of the sandbox with another email.
func TestSandboxByScript(t *testing.T) {
	origin, _ := startExample(t)
	page, err := os.ReadFile("../docs/how-it-works.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindSubmatch(page)
	if m == nil {
		t.Fatal("no script in docs/how-it-works.md")
	}
	shell := exec.Command("sh", "-eu", "-c", strings.ReplaceAll(string(m[1]), "http://localhost:8080", origin))
	shell.Dir = t.TempDir()
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if want := `"email":"sacha@clamart.example"`; !strings.Contains(string(out), want) {
		t.Errorf("got %s, want %s", out, want)
	}
}
