package proconnect_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// pages are what users read, in both languages.
func pages(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("docs/*.md")
	if err != nil || len(found) < 10 {
		t.Fatalf("%d pages, %v", len(found), err)
	}
	return slices.Concat(bothLanguages("README"), found)
}

func bothLanguages(page string) []string { return []string{page + ".md", page + ".fr.md"} }

// A busy person reads the README from top to bottom.
func TestReadmesAreShort(t *testing.T) {
	for name, most := range map[string]int{"README.md": 14_000, "README.fr.md": 16_000} {
		if size := len(readFile(t, name)); size > most {
			t.Errorf("%s: %d bytes, want %d at most: move a subject into docs/", name, size, most)
		}
	}
}
