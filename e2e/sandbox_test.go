package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSandbox runs the example that the README starts with, as it stands but
// for its port: the whole journey, with no account anywhere.
func TestSandbox(t *testing.T) {
	origin, caddy := startExample(t)
	b := newPerson(t)
	b.visit(origin + "/")
	b.see("login")
	b.inspect("sandbox-login")
	b.click(".proconnect-button")
	b.see("sandbox-login")
	b.inspect("sandbox-persons")

	b.click(`button[value="ministry"]`)
	b.greeted("Camille")
	b.accessible("light")
	b.shoot("sandbox-site-light", 1280, 900)

	// Another person, whom the rule of the example refuses.
	b.visit(origin + "/.proconnect/logout")
	b.see("logout")
	b.click("main form[method=post] button")
	b.see("logged-out")
	b.inspect("sandbox-logged-out")
	b.visit(origin + "/")
	b.see("login")
	b.click(".proconnect-button")
	b.see("sandbox-login")
	b.click(`button[value="private"]`)
	b.see("refused")
	b.inspect("sandbox-refused")

	b.click(switchLink)
	if b.seeAny("login", "sandbox-login") == "login" {
		b.click(".proconnect-button")
		b.see("sandbox-login")
	}
	b.click(`button[value="ministry"]`)
	b.greeted("Camille")
	if found := secrets.FindString(caddy.lines.String()); found != "" {
		t.Errorf("the log holds %q", found)
	}
}

// greeted waits for the example's own page, which greets the person.
func (b *tab) greeted(name string) {
	b.t.Helper()
	b.see("home")
	if got := b.text("h1"); !strings.Contains(got, name) {
		b.t.Errorf("got %q, want %s greeted", got, name)
	}
}

// startExample runs example.Caddyfile on a free port.
func startExample(t *testing.T) (origin string, caddy *process) {
	t.Helper()
	example, err := os.ReadFile("../example.Caddyfile")
	if err != nil {
		t.Fatal(err)
	}
	binary, err := caddyBinary()
	if err != nil {
		t.Fatal(err)
	}
	port, dir := freePort(t), t.TempDir()
	text := strings.ReplaceAll(string(example), "localhost:8080", "localhost:"+port)
	if !strings.Contains(text, "localhost:"+port) {
		t.Fatal("example.Caddyfile serves no http://localhost:8080")
	}
	// The administration endpoint has a fixed port.
	if options := regexp.MustCompile(`(?m)^\{$`); options.MatchString(text) {
		text = options.ReplaceAllString(text, "{\n\tadmin off")
	} else {
		text = "{\n\tadmin off\n}\n" + text
	}
	path := filepath.Join(dir, "example.Caddyfile")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "run", "--config", path, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	cmd.Dir = ".." // the example may name files beside it
	caddy = start(t, cmd)
	caddy.await(t, "serving initial configuration")
	origin = "http://localhost:" + port
	if res, err := http.Get(origin + "/"); err != nil {
		t.Fatal(err)
	} else {
		res.Body.Close()
	}
	return origin, caddy
}
