package upstream

import (
	"strings"
	"testing"
	"unicode"
)

// What foldsToDots spares the work makes no dot, and no slash beside one.
func TestFoldsToDots(t *testing.T) {
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		s := string(r)
		folded := foldUnicode(s)
		apart := strings.Trim(folded, `/\`) != folded
		if !foldsToDots(s) && (folded == "" || apart || strings.Trim(folded, ".") == "") {
			t.Errorf("%U folds to %q", r, folded)
		}
	}
}
