// Package recipes_test runs docs/recipes.md: each recipe's own blocks, in a whole Caddy.
// What needs nginx or a browser is run by e2e.
package recipes_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/doccode"
)

// Whoever adds a recipe adds a test that runs it, or the build fails: each block of the
// page is asked for by its heading and language in some test.
func TestEveryRecipeIsRun(t *testing.T) {
	root := doccode.Root(t)
	var tests strings.Builder
	for _, pattern := range []string{"acceptance/recipes/*_test.go", "e2e/*_test.go"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(text)
		}
	}
	recipes := 0
	for _, b := range doccode.Blocks(t, filepath.Join(root, doccode.Recipes)) {
		if b.Heading == "# Recipes" || b.Heading == "## Rules that are asked for often" {
			continue // the client that all have, and rules, which are cases of internal/rules/testdata
		}
		recipes++
		heading := strings.TrimPrefix(b.Heading, "### ")
		if call := `doccode.Recipe(t, "` + heading + `", "` + b.Lang() + `")`; !strings.Contains(tests.String(), call) {
			t.Errorf("no test runs the %s under %q: want one with %s", b.Lang(), heading, call)
		}
	}
	if recipes < 20 {
		t.Errorf("%d blocks in %s: are they read?", recipes, doccode.Recipes)
	}
}

// client is what stands for the client at ProConnect in the recipes, and what stands for
// their sites. The sandbox answers on plain http; in front of a provider's client stands
// what ends TLS, at a port of its own.
type client struct {
	option string // the lines of the client's block
	front  string // the port at which browsers reach the sites; empty: Caddy's own
	https  bool   // Caddy's own port is that of https
}

var sandbox = client{option: "environment sandbox"}

// start runs a recipe's Caddyfile. Its sites are named as in the recipe, below
// gouv.localhost; what it proxies to localhost:3000 goes to upstream.
func start(t *testing.T, b doccode.Block, c client, upstream string, files map[string]string) *caddytest.Server {
	t.Helper()
	s := caddytest.New(t)
	for name, content := range files {
		s.Write(name, content)
	}
	global, sites := c.localize(s, b, upstream)
	s.Run(global, sites)
	return s
}

var (
	credentials = regexp.MustCompile(`\t*environment \w+\n\t*client_id .*\n\t*client_secret .*\n`)
	globalBlock = regexp.MustCompile(`(?s)^\{\n(.*?)\n\}\n`)
	listening   = regexp.MustCompile(`http://([a-z.*-]*example\.gouv)\.fr:80\d\d`)
	secure      = regexp.MustCompile(`https://([a-z0-9.*-]*example\.gouv)\.fr`)
	named       = regexp.MustCompile(`(?m)(^|[ \t])([a-z0-9.*-]*example\.gouv)\.fr`)
)

// localize makes global options and sites of a recipe that work on this machine.
func (c client) localize(s *caddytest.Server, b doccode.Block, upstream string) (global, sites string) {
	global, sites = "proconnect {\n"+c.option+"\n}", b.Text
	if b.Part() == "" {
		m := globalBlock.FindStringSubmatch(b.Text)
		if m == nil || !credentials.MatchString(m[1]) {
			s.T.Fatalf("%s: no client in the global options", b.Heading)
		}
		global, sites = credentials.ReplaceAllLiteralString(m[1], c.option+"\n"), strings.TrimPrefix(b.Text, m[0])
	}
	fill := func(text string) string {
		scheme, port := "http://", "{$PORT}"
		if c.front != "" {
			scheme, port = "https://", c.front
		}
		text = listening.ReplaceAllString(text, "http://$1.LOCAL:{$$PORT}")
		text = secure.ReplaceAllString(text, scheme+"$1.LOCAL:"+strings.ReplaceAll(port, "$", "$$"))
		own := "http://${2}.LOCAL:{$$PORT}"
		if c.https {
			own = "https://${2}.LOCAL:{$$TLS_PORT}"
		}
		text = named.ReplaceAllString(text, "${1}"+own)
		return strings.NewReplacer(
			".LOCAL", ".localhost", "http://:8080", "http://:{$PORT}", "bind 127.0.0.1", "bind {$LOOPBACK}",
			"localhost:3000", upstream, "/srv/", "{$DIR}/", "/etc/caddy/", "{$DIR}/",
		).Replace(text)
	}
	return fill(global), fill(sites)
}

// site is the address of one of a recipe's sites, by its first labels.
func site(name string) string { return "http://" + name + ".example.gouv.localhost:{$PORT}" }
