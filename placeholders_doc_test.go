package proconnect_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
)

// The table of placeholders in Handler's doc comment is the plugin's web
// documentation: it names what identity.go answers, all of it and no more.
func TestHandlerDocumentsPlaceholders(t *testing.T) {
	documented, claimNames := documentedPlaceholders(t)
	want := []string{"http.auth.user.<claim>", "http.auth.candidate.*"}
	for _, name := range answeredNames(t, "placeholderOf") {
		want = append(want, "http.auth.user."+name)
	}
	for _, name := range answeredNames(t, "placeholder") {
		want = append(want, "http.proconnect."+name)
	}
	wantSame(t, "Handler's doc comment", documented, want)
	want = []string{"custom.<path>"}
	for _, spec := range claims.Table {
		want = append(want, spec.Name)
	}
	wantSame(t, "Handler's doc comment, claims", claimNames, want)
}

// The pages name the same placeholders of a request.
func TestDocsPlaceholders(t *testing.T) {
	documented, claimNames := documentedPlaceholders(t)
	for name, heading := range map[string]string{"docs/identity.md": "placeholder", "docs/identity.fr.md": "variable"} {
		tables := firstColumn(readFile(t, name), heading)
		if len(tables) != 1 {
			t.Fatalf("%s: %d tables of placeholders", name, len(tables))
		}
		for _, written := range tables[0] {
			key := strings.Trim(written, "{}")
			last := strings.TrimPrefix(key, "http.auth.user.")
			if rest, ok := strings.CutPrefix(written, "…."); ok {
				last = strings.ReplaceAll(rest, "<chemin>", "<path>")
			}
			if !slices.Contains(documented, key) && !slices.Contains(claimNames, last) {
				t.Errorf("%s: %s is not in Handler's doc comment", name, written)
			}
		}
		for _, key := range documented {
			if !strings.Contains(key, "<") && !slices.Contains(tables[0], "{"+key+"}") {
				t.Errorf("%s: {%s} is missing", name, key)
			}
		}
	}
}

func wantSame(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// documentedPlaceholders returns the first column of the table in Handler's doc
// comment, without braces, and the claims that the row of claims names.
func documentedPlaceholders(t *testing.T) (keys, claimNames []string) {
	t.Helper()
	rows := regexp.MustCompile("(?m)^// `\\{([^`]+)\\}` \\| (.+)$").FindAllStringSubmatch(readFile(t, "module.go"), -1)
	for _, row := range rows {
		keys = append(keys, row[1])
		if row[1] != "http.auth.user.<claim>" {
			continue
		}
		list, _, _ := strings.Cut(row[2], ". ")
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(list, -1) {
			claimNames = append(claimNames, m[1])
		}
	}
	return keys, claimNames
}

// answeredNames returns the names that a function of identity.go tells apart.
func answeredNames(t *testing.T, function string) (names []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "identity.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			return n.Name.Name == function
		case *ast.CaseClause:
			for _, e := range n.List {
				name, err := strconv.Unquote(e.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				names = append(names, name)
			}
		}
		return true
	})
	return names
}
