package proconnect_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// SECURITY.md says of each defence where it is and which test fails
// without it. A claim about code that is gone is worse than none.
func TestSecurityIsTested(t *testing.T) {
	text := readFile(t, "SECURITY.md")
	rows := 0
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if !strings.HasPrefix(line, "| ") || len(cells) != 3 || cells[1] == "code" {
			continue
		}
		rows++
		t.Run(strings.TrimSpace(cells[0]), func(t *testing.T) {
			wantCode(t, cells[1])
			if wantTests(t, cells[2]) == 0 {
				t.Error("no test is named")
			}
		})
	}
	if rows < 30 {
		t.Errorf("%d defences were read", rows)
	}
	wantTests(t, text[strings.Index(text, "## What is not defended"):])
}

var (
	namedCode = regexp.MustCompile("\\[`([^`]+)`\\]\\(([^)]+)\\) `([^`]+)`")
	namedTest = regexp.MustCompile("\\[`((?:Test|Fuzz)[^`]*)`\\]\\(([^)]+)\\)")
)

// wantCode checks that files declare the functions that a text says they do.
func wantCode(t *testing.T, text string) {
	t.Helper()
	named := namedCode.FindAllStringSubmatch(text, -1)
	if len(named) == 0 {
		t.Error("no code is named")
	}
	for _, m := range named {
		if funcs, _ := declared(t, m[2]); m[1] != m[2] || !funcs[m[3]] {
			t.Errorf("%s declares no %s", m[2], m[3])
		}
	}
}

// wantTests checks that the tests named in a text exist: the function in the
// package's tests, what stands behind a slash as a name of a subtest, and the
// last of it in the very file.
func wantTests(t *testing.T, text string) (n int) {
	t.Helper()
	for _, m := range namedTest.FindAllStringSubmatch(text, -1) {
		n++
		parts := strings.Split(m[1], "/")
		for i, part := range parts {
			files := []string{m[2]}
			if i < len(parts)-1 {
				files, _ = filepath.Glob(filepath.Join(filepath.Dir(m[2]), "*_test.go"))
			}
			if !anyNames(t, files, part, i == 0) {
				t.Errorf("%s: there is no %q", m[1], part)
			}
		}
	}
	return n
}

func anyNames(t *testing.T, files []string, name string, function bool) bool {
	t.Helper()
	for _, file := range files {
		funcs, texts := declared(t, file)
		if function && funcs[name] || !function && texts[name] {
			return true
		}
	}
	return false
}

// declared returns the functions and the texts of a source file.
func declared(t *testing.T, file string) (funcs, texts map[string]bool) {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), file, source, 0)
	if err != nil {
		t.Fatal(err)
	}
	funcs, texts = make(map[string]bool), make(map[string]bool)
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			funcs[n.Name.Name] = true
		case *ast.BasicLit:
			if s, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
				texts[s] = true
			}
		}
		return true
	})
	return funcs, texts
}
