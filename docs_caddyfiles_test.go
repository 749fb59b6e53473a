package proconnect_test

import (
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// block is a Caddyfile in a page. What it is a part of stands behind the
// language: nothing for a whole Caddyfile, else one of parts.
type block struct{ part, text string }

// parts are what a block may be a part of.
var parts = []string{"", "global", "sites", "site", "option", "rules", "recipe"}

// blocks are the Caddyfiles of a page, also those inside a list, without its indent.
func blocks(text string) []block {
	var all []block
	for _, m := range regexp.MustCompile("(?ms)^( *)```caddyfile ?([^\n]*)\n(.*?)^ *```$").FindAllStringSubmatch(text, -1) {
		all = append(all, block{m[2], strings.TrimPrefix(strings.ReplaceAll("\n"+m[3], "\n"+m[1], "\n"), "\n")})
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

// docsEnvironment gives what a Caddyfile of the pages reads a value: from the environment,
// where it has no default, and from files, which a copy of it finds below a folder of the test's.
func docsEnvironment(t *testing.T, text string) string {
	t.Helper()
	for _, m := range regexp.MustCompile(`\{(?:env\.|\$)([A-Z_]+)\}`).FindAllStringSubmatch(text, -1) {
		t.Setenv(m[1], docsValue(m[1]))
	}
	dir := t.TempDir()
	files := regexp.MustCompile(`/(?:etc|var/log|run|srv)/[a-z/_-]+\.(?:txt|csv|json|pem)|/run/(?:credentials|secrets)/[a-z./_-]+`)
	return files.ReplaceAllStringFunc(text, func(name string) string {
		content := "# nobody\n"
		switch filepath.Ext(name) {
		case "": // a secret
			content = docsValue(name) + "\n"
		case ".pem":
			content = certificate()
		}
		name = filepath.Join(dir, filepath.Base(name))
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	})
}

// certificate is one that nobody will use.
func certificate() string {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}

func docsValue(name string) string {
	switch {
	case strings.HasSuffix(name, "SESSION_KEY"):
		return "ypD7ARfFWUeCC3SKtdlpLuH+Q6hP0Rz8sJ1yNkgm2xE="
	case strings.HasSuffix(name, "PORT"):
		return "8080"
	case strings.HasSuffix(name, "HASH"): // of a password
		return "$2a$04$9eOJGQ0o2DRg4bNlBzZ4P.VcLzmBGJ72FSKckmkl19UsyVTmoV1Ha"
	}
	return "a-value-of-some-length"
}

var beginsCaddyfile = regexp.MustCompile("(?mi)^[ \t>]*(?:```|~~~) *caddy")

// Every Caddyfile in the pages loads as it stands.
func TestDocsCaddyfiles(t *testing.T) {
	for _, name := range pages(t) {
		text := readFile(t, name)
		if begun, read := len(beginsCaddyfile.FindAllString(text, -1)), len(blocks(text)); begun != read {
			t.Errorf("%s: %d Caddyfiles begin, and %d were read", name, begun, read)
		}
		for i, b := range blocks(text) {
			t.Run(name+" "+strconv.Itoa(i+1)+" "+b.part, func(t *testing.T) {
				if !slices.Contains(parts, b.part) {
					t.Fatalf("a Caddyfile of %q: want one of %q", b.part, parts)
				}
				if formatted := string(caddyfile.Format([]byte(b.text))); formatted != b.text {
					t.Errorf("caddy fmt would write\n%s", formatted)
				}
				wantLoads(t, docsEnvironment(t, b.whole()))
			})
		}
	}
}

// wantLoads checks that a Caddyfile is valid, and draws no warning but on its form.
func wantLoads(t *testing.T, text string) {
	t.Helper()
	adapted, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, w := range warnings {
		if !strings.Contains(w.Message, "not formatted") {
			t.Error(w)
		}
	}
	var config caddy.Config
	if err := json.Unmarshal(adapted, &config); err != nil {
		t.Fatal(err)
	}
	if err := caddy.Validate(&config); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

// The recipes of rules are cases of the table of rules.
func TestDocsRecipesOfRules(t *testing.T) {
	cases := strings.ReplaceAll(readFile(t, "internal/rules/testdata/07-recipes.txt"), "\n\t", "\n")
	recipes := 0
	for _, b := range blocks(readFile(t, "docs/recipes.md")) {
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

// The handle_errors of the pages shows the error's page, and nothing of the
// site behind the gate.
func TestDocsHandleErrors(t *testing.T) {
	blocks := blocks(readFile(t, "docs/recipes.md"))
	i := slices.IndexFunc(blocks, func(b block) bool { return strings.Contains(b.text, "handle_errors") })
	if i < 0 {
		t.Fatal("no handle_errors in docs/recipes.md")
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
