package proconnect_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

// Every command that the pages write exists, with the flags that they give it, and every
// command is in a page.
func TestDocsCommands(t *testing.T) {
	commands := ownCommands(t)
	invocation := regexp.MustCompile("caddy proconnect ([a-z]+)([^`\n]*)")
	flag := regexp.MustCompile(`(?:^|\s)--([a-z-]+)`)
	written := make(map[string]bool)
	for _, name := range append(pages(t), "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md") {
		text := strings.ReplaceAll(readFile(t, name), "\\\n", " ")
		for _, m := range invocation.FindAllStringSubmatch(text, -1) {
			command := commands[m[1]]
			if command == nil {
				t.Errorf("%s: there is no %q", name, m[0])
				continue
			}
			written[m[1]] = true
			for _, f := range flag.FindAllStringSubmatch(m[2], -1) {
				if command.Flag(f[1]) == nil && f[1] != "help" {
					t.Errorf("%s: caddy proconnect %s has no --%s", name, m[1], f[1])
				}
			}
		}
	}
	listed := slices.Concat(firstColumn(readFile(t, "docs/operations.md"), "`caddy proconnect …`")...)
	for name := range commands {
		if !written[name] && !slices.Contains(listed, name) {
			t.Errorf("no page tells of caddy proconnect %s", name)
		}
	}
}

// ownCommands are the commands of caddy proconnect.
func ownCommands(t *testing.T) map[string]*cobra.Command {
	t.Helper()
	parent := new(cobra.Command)
	caddycmd.Commands()["proconnect"].CobraFunc(parent)
	commands := make(map[string]*cobra.Command)
	for _, c := range parent.Commands() {
		commands[c.Name()] = c
	}
	if len(commands) < 5 {
		t.Fatalf("%d commands", len(commands))
	}
	return commands
}
