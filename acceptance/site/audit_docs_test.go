package site_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// Every event that the code knows is in the table of docs/operations.md with an example, and
// every one that is there, the code knows. That their fields are those of the examples, the
// tests tell that make the events happen.
func TestAuditEventsAreDocumented(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(caddytest.Root(t), "events.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Names) == 1 && strings.HasPrefix(v.Names[0].Name, "event") {
			text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			known = append(known, text)
		}
		return true
	})
	slices.Sort(known)
	if documented := slices.Sorted(maps.Keys(caddytest.DocumentedEvents(t))); !slices.Equal(known, documented) {
		t.Errorf("the code knows %q\ndocumented are %q", known, documented)
	}
}

// Every field of an example is explained in the table of fields, and no other is but those
// that only some lines have.
func TestAuditFieldsAreDocumented(t *testing.T) {
	_, section, _ := strings.Cut(caddytest.Operations(t), "\n| field | what it is |\n")
	section, _, _ = strings.Cut(section, "\n\n")
	var explained []string
	for row := range strings.Lines(section) {
		first, _, _ := strings.Cut(strings.TrimPrefix(row, "| "), " | ")
		for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(first, -1) {
			explained = append(explained, m[1])
		}
	}
	used := map[string]bool{"claims": true, "error": true}
	for _, line := range caddytest.DocumentedEvents(t) {
		for field := range line {
			used[field] = true
		}
	}
	for _, ofCaddy := range []string{"level", "ts", "logger", "msg"} {
		delete(used, ofCaddy)
	}
	slices.Sort(explained)
	if want := slices.Sorted(maps.Keys(used)); !slices.Equal(explained, want) {
		t.Errorf("explained are %q\nthe events have %q", explained, want)
	}
}
