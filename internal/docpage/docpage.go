// Package docpage reads the blocks of code that a page of the documentation shows, so
// that tests run what readers copy.
package docpage

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Block is a fenced block: ```caddyfile sites, say.
type Block struct {
	Heading string // that it is under
	Lang    string // caddyfile
	Part    string // sites: what the block is a part of; empty if it is whole
	Text    string
}

// Recipes is the page of which every block is run.
const Recipes = "docs/recipes.md"

// Recipe returns the block of a language under a heading of the page of recipes, in a
// test whose folder is two levels, or one, below the module.
func Recipe(t testing.TB, heading, lang string) Block {
	t.Helper()
	for _, b := range Blocks(t, Root(t), Recipes) {
		if b.Heading == heading && b.Lang == lang {
			return b
		}
	}
	t.Fatalf("%s has no block of %s under %q", Recipes, lang, heading)
	return Block{}
}

// Root is the directory of the plugin's module, whichever module a test is in.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, Recipes)); err == nil {
			return dir
		}
	}
	t.Fatalf("no %s above the working directory", Recipes)
	return ""
}

var fence = regexp.MustCompile("^```(\\w*) ?(\\w*)$")

// Blocks are the blocks of a page. Two of one language under one heading could not be
// told apart, but for those that show parts of rules: they fail the test.
func Blocks(t testing.TB, root, page string) []Block {
	t.Helper()
	all, seen := read(t, root, page), make(map[string]bool)
	for _, b := range all {
		key := fmt.Sprint(b.Heading, "\x00", b.Lang)
		if rules := b.Part == "rules" || b.Part == "recipe"; seen[key] && !rules {
			t.Fatalf("%s: a second block of %s under %q: give it a heading", page, b.Lang, b.Heading)
		}
		seen[key] = true
	}
	return all
}

// Section are the blocks under one heading of a page, in their order.
func Section(t testing.TB, page, heading string) (blocks []Block) {
	t.Helper()
	for _, b := range read(t, Root(t), page) {
		if b.Heading == heading {
			blocks = append(blocks, b)
		}
	}
	if len(blocks) == 0 {
		t.Fatalf("%s has no block under %q", page, heading)
	}
	return blocks
}

// Texts are those of some blocks that are of a language, in their order.
func Texts(blocks []Block, lang string) (texts []string) {
	for _, b := range blocks {
		if b.Lang == lang {
			texts = append(texts, b.Text)
		}
	}
	return texts
}

func read(t testing.TB, root, page string) (all []Block) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	var b *Block
	heading := ""
	for line := range strings.SplitSeq(string(text), "\n") {
		m := fence.FindStringSubmatch(line)
		switch {
		case b != nil && m != nil:
			all, b = append(all, *b), nil
		case b != nil:
			b.Text += line + "\n"
		case m != nil:
			b = &Block{Heading: heading, Lang: m[1], Part: m[2]}
		case strings.HasPrefix(line, "#"):
			heading = strings.TrimSpace(strings.TrimLeft(line, "#"))
		}
	}
	return all
}
