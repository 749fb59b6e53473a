package proconnect_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Every Caddyfile of the examples loads as it stands, but for the values that it reads
// from the environment and from files.
func TestExamplesCaddyfiles(t *testing.T) {
	root, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range exampleCaddyfiles(t) {
		t.Run(name, func(t *testing.T) {
			text := readFile(t, filepath.Join(root, name))
			if string(caddyfile.Format([]byte(text))) != text {
				t.Error("caddy fmt would write it otherwise")
			}
			text = docsEnvironment(t, text)
			t.Setenv("PROCONNECT_ENVIRONMENT", "production")
			t.Setenv("ORIGIN", "https://stats.example.gouv.fr")
			t.Setenv("ALLOWED_SIREN", "130025265 110020013")
			t.Setenv("SESSION_LIFETIME", "4h")
			t.Setenv("STORAGE", "disk")
			text = strings.ReplaceAll(text, "import storage/", "import "+root+"/examples/paas/storage/")
			adapted, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": name})
			if err != nil || len(warnings) > 0 && !strings.Contains(warnings[0].Message, "not formatted") {
				t.Fatal(err, warnings)
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

func exampleCaddyfiles(t *testing.T) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS("."), "examples", func(path string, _ fs.DirEntry, err error) error {
		if filepath.Base(path) == "Caddyfile" {
			names = append(names, path)
		}
		return err
	})
	if err != nil || len(names) < 5 {
		t.Fatalf("%d Caddyfiles, %v", len(names), err)
	}
	return names
}

// What docs/deploy.md shows of the examples is what the files say, but for their comments.
func TestExamplesInTheDocs(t *testing.T) {
	docs := readFile(t, "docs/deploy.md")
	for _, name := range []string{"examples/systemd/Caddyfile", "examples/systemd/caddy.service.d/proconnect.conf"} {
		if code := withoutComments(readFile(t, name)); !strings.Contains(docs, code) {
			t.Errorf("docs/deploy.md does not show %s:\n%s", name, code)
		}
	}
}

func withoutComments(text string) string {
	var code strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			code.WriteString(line)
		}
	}
	return code.String()
}

// The variants of the example for a platform differ in their sites alone.
func TestExamplesShareTheirOptions(t *testing.T) {
	options := func(variant string) string {
		text := readFile(t, "examples/paas/"+variant+"/Caddyfile")
		_, text, _ = strings.Cut(text, "\n\n")
		options, _, _ := strings.Cut(text, "\n:{$PORT")
		return options
	}
	for _, variant := range []string{"n8n", "static"} {
		if options(variant) != options("metabase") {
			t.Errorf("%s has other global options than metabase", variant)
		}
	}
}

// docs/deploy.md names every variable that the example for a platform reads.
func TestExamplesVariablesInTheDocs(t *testing.T) {
	for _, page := range bothLanguages("docs/deploy") {
		named := strings.Join(slices.Concat(firstColumn(readFile(t, page), "variable")...), " ")
		for _, name := range []string{"metabase/Caddyfile", "static/Caddyfile"} {
			for _, m := range regexp.MustCompile(`\{(?:env\.|\$)([A-Z_]+)`).FindAllStringSubmatch(readFile(t, "examples/paas/"+name), -1) {
				if name := m[1]; name != "PORT" && !slices.Contains(strings.Fields(named), name) {
					t.Errorf("%s does not name %s", page, name)
				}
			}
		}
	}
}
