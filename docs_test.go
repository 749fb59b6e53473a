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
