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
	Info string // behind the fence: sh, console, caddyfile site
	Text string
}

// Section returns the blocks below a heading of a page, such as "## Rehearse", until the
// next heading of any level.
func Section(t testing.TB, page, heading string) (blocks []Block) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	inside, block := false, (*Block)(nil)
	for line := range strings.Lines(string(text)) {
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && block == nil:
			block = &Block{Info: strings.TrimSpace(info)}
		case fence:
			if inside {
				blocks = append(blocks, *block)
			}
			block = nil
		case block != nil:
			block.Text += line
		case strings.HasPrefix(line, "#"):
			inside = strings.TrimSpace(line) == heading
		}
	}
	if len(blocks) == 0 {
		t.Fatalf("%s has no code below %q", page, heading)
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
