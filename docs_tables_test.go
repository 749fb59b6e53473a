package proconnect_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	proconnect "github.com/caddy-proconnect/caddy-proconnect"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// firstColumn returns what stands in back quotes in the first column of the
// tables with a heading: a list for each table.
func firstColumn(text, heading string) [][]string {
	var tables [][]string
	inside := false
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		switch first := strings.TrimPrefix(cells[0], "| "); {
		case !strings.HasPrefix(line, "|"):
			inside = false
		case first == heading:
			inside = true
			tables = append(tables, nil)
		case inside:
			for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(first, -1) {
				tables[len(tables)-1] = append(tables[len(tables)-1], m[1])
			}
		}
	}
	return tables
}

// The tables of options name what the parser knows, all of it and no more: the sections of
// the page that have such tables are the client's, its session's, its audit's, the gate's.
func TestDocsOptions(t *testing.T) {
	want := [][]string{proconnect.ClientOptions(), proconnect.SessionOptions(), proconnect.AuditOptions(), proconnect.GateOptions()}
	for _, name := range bothLanguages("docs/options") {
		var got [][]string
		for _, section := range regexp.MustCompile(`(?m)^## `).Split(readFile(t, name), -1) {
			if tables := firstColumn(section, "option"); len(tables) > 0 {
				got = append(got, slices.Concat(tables...))
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%s: %d sections with options, want %d", name, len(got), len(want))
		}
		for i := range want {
			wantSame(t, name+", section "+strconv.Itoa(i+1), got[i], slices.Clone(want[i]))
		}
	}
}

// The table of fields names those of rules.
func TestDocsFields(t *testing.T) {
	for name, heading := range map[string]string{"docs/rules.md": "field", "docs/rules.fr.md": "champ"} {
		tables := firstColumn(readFile(t, name), heading)
		if len(tables) != 1 {
			t.Fatalf("%s: %d tables of fields", name, len(tables))
		}
		wantSame(t, name, tables[0], append(slices.Clone(rules.Fields), "custom.<path>"))
	}
}

// Every type of a problem document leads to an anchor of the README, which leads to the
// table: the address of a type is an interface.
func TestDocsProblemTypes(t *testing.T) {
	var want []string
	for _, source := range []struct{ file, pattern string }{
		{"internal/pages/text/en.json", `"problem\.([a-z_]+)\.title"`},
		{"document.go", `problemTypes ?\+ ?"([a-z_]+)"`},
	} {
		for _, m := range regexp.MustCompile(source.pattern).FindAllStringSubmatch(readFile(t, source.file), -1) {
			want = append(want, m[1])
		}
	}
	wantSame(t, "README.md", anchorsNamed(readFile(t, "README.md")), slices.Clone(want))
	for _, name := range bothLanguages("docs/troubleshooting") {
		var got []string
		for _, m := range regexp.MustCompile("<a id=\"([a-z_]+)\"></a>`([a-z_]+)`").FindAllStringSubmatch(readFile(t, name), -1) {
			if m[1] != m[2] {
				t.Errorf("%s: the anchor of %s is %s", name, m[2], m[1])
			}
			got = append(got, m[1])
		}
		wantSame(t, name, got, slices.Clone(want))
	}
}

// What the pages say that the log says, it says.
func TestDocsLogMessages(t *testing.T) {
	var source strings.Builder
	for _, pattern := range []string{"*.go", "internal/*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if !strings.HasSuffix(name, "_test.go") {
				source.WriteString(readFile(t, name))
			}
		}
	}
	messages := make(map[string][]string)
	for name, heading := range map[string]string{"docs/troubleshooting.md": "in the log", "docs/troubleshooting.fr.md": "dans le journal"} {
		explained := slices.Concat(firstColumn(readFile(t, name), heading)...)
		if len(explained) < 20 {
			t.Fatalf("%s: %d messages", name, len(explained))
		}
		for _, message := range explained {
			if !strings.Contains(source.String(), message) {
				t.Errorf("%s: nothing logs %q", name, message)
			}
		}
		messages[name] = slices.Sorted(slices.Values(explained))
	}
	if en, fr := messages["docs/troubleshooting.md"], messages["docs/troubleshooting.fr.md"]; !slices.Equal(en, fr) {
		t.Errorf("the languages explain different messages:\n got %q\nwant %q", fr, en)
	}
}
