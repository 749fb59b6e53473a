package proconnect_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every page has a French twin, and both are in step: the same headings by level, as many
// paragraphs, links to the same pages, tables of the same rows and columns with the same
// names and values in them, and the same code but for its comments.
func TestDocsFrenchInStep(t *testing.T) {
	for _, english := range pages(t) {
		if isFrench(english) {
			continue
		}
		french := twinOf(english)
		t.Run(french, func(t *testing.T) {
			en, fr := readFile(t, english), readFile(t, french)
			wantInStep(t, "headings", headingLevels(en), headingLevels(fr))
			wantInStep(t, "paragraphs, by how they begin", paragraphs(en), paragraphs(fr))
			wantInStep(t, "pages that links lead to", linkedPages(en), linkedPages(fr))
			wantInStep(t, "rows of tables, by their columns", tableRows(en), tableRows(fr))
			wantInStep(t, "names in rows of tables", namesInRows(en), namesInRows(fr))
			wantInStep(t, "code", codeLines(en), codeLines(fr))
		})
	}
}

// wantInStep compares two lists and tells the first item in which they differ.
func wantInStep(t *testing.T, what string, en, fr []string) {
	t.Helper()
	for i := range max(len(en), len(fr)) {
		var e, f string
		if i < len(en) {
			e = en[i]
		}
		if i < len(fr) {
			f = fr[i]
		}
		if e != f {
			t.Errorf("%s: item %d of %d in English, of %d in French\nEnglish %q\nFrench  %q", what, i+1, len(en), len(fr), e, f)
			return
		}
	}
}

func headingLevels(text string) (levels []string) {
	for _, m := range regexp.MustCompile(`(?m)^(#+) `).FindAllStringSubmatch(withoutCode(text), -1) {
		levels = append(levels, m[1])
	}
	return levels
}

// paragraphs has an item for each paragraph, and for each item of a list: how it begins,
// where that is no word.
func paragraphs(text string) (begin []string) {
	blank := true
	for line := range strings.Lines(withoutCode(text)) {
		mark := paragraphMark.FindString(line)
		if line = strings.TrimSpace(line); line != "" && (blank || mark != "") {
			begin = append(begin, strings.TrimSpace(mark))
		}
		blank = line == ""
	}
	return begin
}

var paragraphMark = regexp.MustCompile(`^ *(?:- |\d+\. |#+ |\|)`)

// linkedPages are the files that links lead to, whatever their order and language.
func linkedPages(text string) (files []string) {
	for _, m := range linkTarget.FindAllStringSubmatch(withoutCode(text), -1) {
		file, _, _ := strings.Cut(m[1], "#")
		files = append(files, strings.Replace(file, ".fr.md", ".md", 1))
	}
	slices.Sort(files)
	return files
}

// tableRows has an item for each row of a table, as many strokes as it has columns, and an
// empty one where a table ends.
func tableRows(text string) (rows []string) {
	inside := false
	for line := range strings.Lines(withoutCode(text)) {
		line = strings.TrimSpace(line)
		switch row := strings.HasPrefix(line, "|"); {
		case row:
			rows = append(rows, strings.Repeat("|", strings.Count(line, "|")-strings.Count(line, `\|`)))
			inside = true
		case inside:
			rows = append(rows, "")
			inside = false
		}
	}
	return rows
}

// namesInRows has an item for each row of a table: what is in back quotes there, whatever
// its order. What the reader is to put in, in angle brackets, has a name of each language.
func namesInRows(text string) (rows []string) {
	put := regexp.MustCompile(`<[^>]*>`)
	for line := range strings.Lines(withoutCode(text)) {
		if !strings.HasPrefix(strings.TrimSpace(line), "|") {
			continue
		}
		names := regexp.MustCompile("`[^`]+`").FindAllString(line, -1)
		for i := range names {
			names[i] = put.ReplaceAllString(names[i], "<>")
		}
		slices.Sort(names)
		rows = append(rows, strings.Join(names, " "))
	}
	return rows
}

// codeLines are the lines of the blocks of code, without comments. Of a diagram, whose
// words are translated, a line counts and not what it says.
func codeLines(text string) (lines []string) {
	comment := regexp.MustCompile(`(^|\s+)# .*`)
	for _, block := range fencedCode.FindAllString(text, -1) {
		diagram := strings.HasPrefix(strings.TrimSpace(block), "```mermaid")
		for line := range strings.Lines(block) {
			if diagram {
				line = "of a diagram"
			}
			lines = append(lines, comment.ReplaceAllString(strings.TrimRight(line, "\n"), ""))
		}
	}
	return lines
}
