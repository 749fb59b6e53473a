// Package doccode reads the blocks of code of the pages that users read, so that tests run
// what users copy.
package doccode

import (
	"os"
	"strings"
	"testing"
)

// Block is a block of code.
type Block struct {
	Heading string // that it is under, as it is written: ## Rehearse
	Info    string // behind the fence: sh, console, caddyfile site
	Text    string
}

// Section returns the blocks below a heading of a page, such as "## Rehearse", until the
// next heading of any level.
func Section(t testing.TB, page, heading string) (blocks []Block) {
	t.Helper()
	for _, b := range Blocks(t, page) {
		if b.Heading == heading {
			blocks = append(blocks, b)
		}
	}
	if len(blocks) == 0 {
		t.Fatalf("%s has no code below %q", page, heading)
	}
	return blocks
}

// Blocks returns all blocks of a page.
func Blocks(t testing.TB, page string) (blocks []Block) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	heading, block := "", (*Block)(nil)
	for line := range strings.Lines(string(text)) {
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && block == nil:
			block = &Block{Heading: heading, Info: strings.TrimSpace(info)}
		case fence:
			blocks, block = append(blocks, *block), nil
		case block != nil:
			block.Text += line
		case strings.HasPrefix(line, "#"):
			heading = strings.TrimSpace(line)
		}
	}
	return blocks
}

// Of returns the blocks of one kind.
func Of(blocks []Block, info string) (texts []string) {
	for _, b := range blocks {
		if b.Info == info {
			texts = append(texts, b.Text)
		}
	}
	return texts
}
