package pages

import (
	"html/template"
	"slices"
	"strings"
	"unicode"
)

// Bounds, in characters, of what others may put on a page.
const (
	maxShort = 256  // a name, an address, a reference
	maxLong  = 1000 // a sentence of the operator
)

// plain makes a value that came from outside harmless as text: valid UTF-8, on
// one line, of at most limit characters, without control and formatting ones. A
// right-to-left override would reorder the words around it; templates escape
// the rest.
func plain(s string, limit int) string {
	// A character has four bytes at most: what follows is never shown.
	s = s[:min(len(s), 8*limit)]
	s = strings.Map(visible, strings.ToValidUTF8(s, ""))
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return s
}

func visible(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp):
		return -1
	}
	return r
}

// lettersAndDigits is what a reference is made of.
func lettersAndDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// groups parts a reference into groups of five, as people read it out. No space is between
// them: what is copied, and what is searched for in the log, is one word.
func groups(reference string) (list []string) {
	for group := range slices.Chunk([]rune(reference), 5) {
		list = append(list, string(group))
	}
	return list
}

// breakable lets an address break where a reader would, and not inside a name.
func breakable(address string) template.HTML {
	safe := template.HTMLEscapeString(address)
	return template.HTML(strings.NewReplacer("@", "@<wbr/>", ".", "<wbr/>.").Replace(safe))
}
