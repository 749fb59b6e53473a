package proconnect_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	proconnect "github.com/caddy-proconnect/caddy-proconnect"
	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

var readmes = []string{"README.md", "README.fr.md"}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// block is a Caddyfile in a README. What it is a part of stands behind the
// language: nothing for a whole Caddyfile, else global (options), sites, site, option
// (of the client), rules or recipe.
type block struct{ part, text string }

func blocks(text string) []block {
	var all []block
	for _, m := range regexp.MustCompile("(?ms)^```caddyfile ?([a-z]*)\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		all = append(all, block{m[1], m[2]})
	}
	return all
}

const readmeClient = "client_id {env.PROCONNECT_CLIENT_ID}\n client_secret {env.PROCONNECT_CLIENT_SECRET}\n"

// whole makes a Caddyfile of a part of one.
func (b block) whole() string {
	client := "{\n proconnect {\n environment production\n " + readmeClient + "}\n}\n"
	switch b.part {
	case "sites":
		return client + b.text
	case "global":
		return "{\n proconnect {\n environment production\n " + readmeClient + "}\n" + b.text + "}\n"
	case "site":
		return client + "docs.example.gouv.fr {\n" + b.text + "}\n"
	case "option":
		if !strings.Contains(b.text, "environment") {
			return "{\n proconnect {\n environment production\n " + readmeClient + b.text + "}\n}\n"
		}
		return "{\n proconnect {\n " + readmeClient + b.text + "}\n}\n"
	case "rules", "recipe":
		return client + "docs.example.gouv.fr {\n proconnect {\n" + b.text + "}\n}\n"
	}
	return b.text
}

// Every Caddyfile in the READMEs loads as it stands.
func TestReadmeCaddyfiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"collectivites.txt", "blocked.txt", "list.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("# nobody\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, client := range []string{"PROCONNECT", "STAGING"} {
		t.Setenv(client+"_CLIENT_ID", "an-id")
		t.Setenv(client+"_CLIENT_SECRET", "a-secret-of-some-length")
	}
	t.Setenv("PROCONNECT_SESSION_KEY", "ypD7ARfFWUeCC3SKtdlpLuH+Q6hP0Rz8sJ1yNkgm2xE=")
	for _, name := range readmes {
		for i, b := range blocks(readFile(t, name)) {
			t.Run(name+" "+strconv.Itoa(i+1)+" "+b.part, func(t *testing.T) {
				text := strings.NewReplacer("/etc/caddy/", dir+"/", "/var/log/caddy/", dir+"/").Replace(b.whole())
				adapted, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
				if err != nil {
					t.Fatalf("%v\n%s", err, b.text)
				}
				for _, w := range warnings {
					if !strings.Contains(w.Message, "not formatted") {
						t.Error(w)
					}
				}
				if formatted := string(caddyfile.Format([]byte(b.text))); formatted != b.text {
					t.Errorf("caddy fmt would write\n%s", formatted)
				}
				var config caddy.Config
				if err := json.Unmarshal(adapted, &config); err != nil {
					t.Fatal(err)
				}
				if err := caddy.Validate(&config); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// Both READMEs show the same Caddyfiles, and their recipes are cases of the
// table of rules.
func TestReadmeRecipes(t *testing.T) {
	first, second := blocks(readFile(t, readmes[0])), blocks(readFile(t, readmes[1]))
	if !slices.Equal(first, second) {
		t.Error("the READMEs show different Caddyfiles")
	}
	cases := strings.ReplaceAll(readFile(t, "internal/rules/testdata/07-recipes.txt"), "\n\t", "\n")
	recipes := 0
	for _, b := range first {
		if b.part != "recipe" {
			continue
		}
		recipes++
		if !strings.Contains(cases, "rules\n"+strings.ReplaceAll(b.text, "/etc/caddy/", "DIR/")) {
			t.Errorf("internal/rules/testdata/07-recipes.txt does not try\n%s", b.text)
		}
	}
	if want := strings.Count(cases, "\nrules\n"); recipes != want {
		t.Errorf("%d recipes, want the %d of internal/rules/testdata/07-recipes.txt", recipes, want)
	}
}

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

// The tables of options name what the parser knows, all of it and no more.
func TestReadmeOptions(t *testing.T) {
	want := [][]string{proconnect.ClientOptions(), proconnect.SessionOptions(), proconnect.AuditOptions(), proconnect.GateOptions()}
	for _, name := range readmes {
		tables := firstColumn(readFile(t, name), "option")
		if len(tables) != len(want) {
			t.Fatalf("%s: %d tables of options, want %d", name, len(tables), len(want))
		}
		for i, table := range tables {
			slices.Sort(table)
			slices.Sort(want[i])
			if !slices.Equal(table, want[i]) {
				t.Errorf("%s, table %d:\n got %q\nwant %q", name, i+1, table, want[i])
			}
		}
	}
}

// Every type of a problem document leads to an anchor.
func TestReadmeProblemTypes(t *testing.T) {
	var want []string
	for _, source := range []struct{ file, pattern string }{
		{"internal/pages/text/en.json", `"problem\.([a-z_]+)\.title"`},
		{"document.go", `problemTypes ?\+ ?"([a-z_]+)"`},
	} {
		for _, m := range regexp.MustCompile(source.pattern).FindAllStringSubmatch(readFile(t, source.file), -1) {
			want = append(want, m[1])
		}
	}
	slices.Sort(want)
	for _, name := range readmes {
		var got []string
		for _, m := range regexp.MustCompile("<a id=\"([a-z_]+)\"></a>`([a-z_]+)`").FindAllStringSubmatch(readFile(t, name), -1) {
			if m[1] != m[2] {
				t.Errorf("%s: the anchor of %s is %s", name, m[2], m[1])
			}
			got = append(got, m[1])
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, want)
		}
	}
}

// What the READMEs say that the log says, it says.
func TestReadmeLogMessages(t *testing.T) {
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
	for name, heading := range map[string]string{"README.md": "in the log", "README.fr.md": "dans le journal"} {
		tables := firstColumn(readFile(t, name), heading)
		if len(tables) != 1 || len(tables[0]) < 20 {
			t.Fatalf("%s: no table of messages", name)
		}
		for _, message := range tables[0] {
			if !strings.Contains(source.String(), message) {
				t.Errorf("%s: nothing logs %q", name, message)
			}
		}
		messages[name] = slices.Sorted(slices.Values(tables[0]))
	}
	if en, fr := messages["README.md"], messages["README.fr.md"]; !slices.Equal(en, fr) {
		t.Errorf("the READMEs explain different messages:\n got %q\nwant %q", fr, en)
	}
}

// Links lead to a file or to a heading.
func TestReadmeLinks(t *testing.T) {
	for _, name := range readmes {
		text := readFile(t, name)
		slugs := headings(text)
		for _, m := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(text, -1) {
			switch target := m[1]; {
			case strings.HasPrefix(target, "https://"):
			case strings.HasPrefix(target, "#"):
				if !slices.Contains(slugs, target) {
					t.Errorf("%s: no heading is %s", name, target)
				}
			default:
				file, anchor, _ := strings.Cut(target, "#")
				if _, err := os.Stat(file); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if anchor != "" && !slices.Contains(headings(readFile(t, file)), "#"+anchor) {
					t.Errorf("%s: %s has no heading #%s", name, file, anchor)
				}
			}
		}
	}
}

// headings are the anchors of a text's headings.
func headings(text string) []string {
	var slugs []string
	for _, m := range regexp.MustCompile(`(?m)^##+ (.+)$`).FindAllStringSubmatch(text, -1) {
		slugs = append(slugs, "#"+slug(m[1]))
	}
	return slugs
}

// slug is the anchor that GitHub makes of a heading.
func slug(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// The handle_errors of the READMEs shows the error's page, and nothing of the
// site behind the gate.
func TestReadmeHandleErrors(t *testing.T) {
	blocks := blocks(readFile(t, readmes[0]))
	i := slices.IndexFunc(blocks, func(b block) bool { return strings.Contains(b.text, "handle_errors") })
	if i < 0 {
		t.Fatal("no handle_errors in the README")
	}
	s := caddytest.Start(t, caddytest.Sandbox, strings.NewReplacer(
		"docs.example.gouv.fr", "http://localhost:{$PORT}", "/srv/", "{$DIR}/",
	).Replace(blocks[i].text))
	s.Write("docs/index.html", "of the site")
	s.Write("docs/403.html", "of the site")
	s.Write("errors/403.html", `{{placeholder "http.proconnect.reason"}} {{placeholder "http.auth.candidate.siret"}} {{placeholder "http.auth.user.id"}}.`)
	b := s.Browser("http://localhost:{$PORT}")
	a := b.Login("/", url.Values{"person": {"commune"}})
	if want := "no rule matched: rule 1: siren failed 21920023500014 ."; a.StatusCode != http.StatusForbidden || a.Text != want {
		t.Errorf("got %d %q, want 403 %q", a.StatusCode, a.Text, want)
	}
	for _, path := range []string{"/403.html", "/index.html", "/nothing"} {
		if a := b.Visit(path); strings.Contains(a.Text, "of the site") || a.StatusCode == http.StatusOK {
			t.Errorf("%s: got %d %q", path, a.StatusCode, a.Text)
		}
	}
	// An error without a page of its own has no body.
	if a := b.Visit("/.proconnect/nothing"); a.Text != "" || a.StatusCode != http.StatusNotFound {
		t.Errorf("got %d %q, want 404 and nothing", a.StatusCode, a.Text)
	}
}
