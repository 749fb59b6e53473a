package doccode

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Recipes is the page of which every block is run.
const Recipes = "docs/recipes.md"

// Lang is the language of a block: caddyfile of a "caddyfile sites".
func (b Block) Lang() string {
	lang, _, _ := strings.Cut(b.Info, " ")
	return lang
}

// Part is what a block is a part of: sites of a "caddyfile sites", nothing if it is whole.
func (b Block) Part() string {
	_, part, _ := strings.Cut(b.Info, " ")
	return part
}

// Recipe returns the block of a language under a heading of the page of recipes. There is
// one: two could not be told apart, and one of them would never run.
func Recipe(t testing.TB, heading, lang string) (recipe Block) {
	t.Helper()
	found := 0
	for _, b := range Section(t, filepath.Join(Root(t), Recipes), "### "+heading) {
		if b.Lang() == lang {
			recipe = b
			found++
		}
	}
	if found != 1 {
		t.Fatalf("%s has %d blocks of %s under %q, want one", Recipes, found, lang, heading)
	}
	return recipe
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
