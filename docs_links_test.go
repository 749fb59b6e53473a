package proconnect_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// Every link of every page of the tree leads to a file, and to a heading or an anchor of it.
func TestDocsLinks(t *testing.T) {
	for _, name := range everyMarkdown(t) {
		for _, m := range linkTarget.FindAllStringSubmatch(withoutCode(readFile(t, name)), -1) {
			if target := m[1]; !strings.HasPrefix(target, "https://") {
				wantTarget(t, name, target)
			}
		}
	}
}

// Whoever reads French is not led to an English page that has a twin, nor the other way
// round, but for the line that offers the other language.
func TestDocsStayInTheirLanguage(t *testing.T) {
	for _, name := range pages(t) {
		twin := filepath.Base(twinOf(name))
		for _, m := range linkTarget.FindAllStringSubmatch(withoutCode(readFile(t, name)), -1) {
			file, anchor, _ := strings.Cut(m[1], "#")
			if anchor == "" && file == twin || strings.Contains(file, ":") {
				continue
			}
			to := filepath.Join(filepath.Dir(name), file)
			if slices.Contains(pages(t), to) && isFrench(to) != isFrench(name) {
				t.Errorf("%s leads to %s: want %s", name, m[1], filepath.Base(twinOf(to)))
			}
		}
	}
}

func isFrench(page string) bool { return strings.HasSuffix(page, ".fr.md") }

// twinOf is the same page in the other language.
func twinOf(page string) string {
	if isFrench(page) {
		return strings.TrimSuffix(page, ".fr.md") + ".md"
	}
	return strings.TrimSuffix(page, ".md") + ".fr.md"
}

// Both READMEs lead to every page of their language.
func TestReadmesLeadToEveryPage(t *testing.T) {
	for _, readme := range bothLanguages("README") {
		text := readFile(t, readme)
		for _, page := range pages(t) {
			if sameLanguage := isFrench(page) == isFrench(readme); sameLanguage && page != readme && !strings.Contains(text, "]("+page) {
				t.Errorf("%s has no link to %s", readme, page)
			}
		}
	}
}

var (
	linkTarget = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fencedCode = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	namedPlace = regexp.MustCompile(`<a id="([^"]+)">`)
	aHeading   = regexp.MustCompile(`(?m)^#+ (.+)$`)
)

func withoutCode(text string) string { return fencedCode.ReplaceAllString(text, "") }

func wantTarget(t *testing.T, name, target string) {
	t.Helper()
	file, anchor, _ := strings.Cut(target, "#")
	if file = filepath.Join(filepath.Dir(name), file); strings.HasPrefix(target, "#") {
		file = name
	}
	if _, err := os.Stat(file); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if anchor != "" && !slices.Contains(anchors(readFile(t, file)), anchor) {
		t.Errorf("%s: %s has no heading #%s", name, file, anchor)
	}
}

func everyMarkdown(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git"):
			return filepath.SkipDir
		case filepath.Ext(name) == ".md":
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// anchors are where a link may lead in a page: its headings, of which GitHub numbers the
// equal ones, and what it names by itself.
func anchors(text string) []string {
	found := anchorsNamed(text)
	seen := make(map[string]int)
	for _, m := range aHeading.FindAllStringSubmatch(withoutCode(text), -1) {
		anchor := slug(m[1])
		if n := seen[anchor]; n > 0 {
			anchor += "-" + strconv.Itoa(n)
		}
		seen[slug(m[1])]++
		found = append(found, anchor)
	}
	return found
}

func anchorsNamed(text string) (names []string) {
	for _, m := range namedPlace.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
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
