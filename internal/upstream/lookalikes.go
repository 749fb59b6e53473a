package upstream

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// What follows is for matchers that say what is gated. One that says what is not needs
// none of it: what it does not name in its own spelling, it does not exempt.

// trimSlashes is an address without the slashes at its end.
func trimSlashes(address string) string {
	if trimmed := strings.TrimRight(address, "/"); trimmed != "" {
		return trimmed
	}
	return "/"
}

// shorter are the addresses that servers complete: by an extension, by the name of a
// directory's index. Joomla takes an extension out wherever it is.
func shorter(address string) (others []string) {
	if strings.IndexByte(address, '.') < 0 {
		return nil
	}
	name := withoutExtension(address)
	if extension := address[len(name):]; extension != "" {
		others = append(others, name)
		if strings.Contains(name, extension) {
			others = append(others, strings.ReplaceAll(name, extension, ""))
		}
		if i := strings.LastIndexByte(name, '/') + 1; strings.EqualFold(name[i:], "index") || strings.EqualFold(name[i:], "default") {
			others = append(others, trimSlashes(name[:i]))
		}
	}
	if i := strings.LastIndexByte(address, '/') + 1; name == address && address[i] == '.' {
		others = append(others, trimSlashes(address[:i])) // Joomla again
	}
	if bare := withoutExtensions(address); bare != name {
		others = append(others, bare)
	}
	return others
}

// withoutExtension is /admin for /admin.json, and .hidden for .hidden.
func withoutExtension(address string) string {
	dot := strings.LastIndexByte(address, '.')
	if dot <= strings.LastIndexByte(address, '/')+1 {
		return address
	}
	return address[:dot]
}

// withoutExtensions cuts each name at its first dot: what connect has at /admin it
// serves under /admin.x/, too.
func withoutExtensions(address string) string {
	return eachName(address, func(name string) string {
		if i := strings.IndexByte(name, '.'); i > 0 {
			return name[:i]
		}
		return name
	})
}

// spellings are what servers make of an address that drop or replace what they do not
// like in it: what is not ASCII, and blanks (PHP's FILTER_SANITIZE_URL, decoders that
// ignore errors), accents (collations of databases), tags (strip_tags), and whatever
// the name of a post has not (WordPress' sanitize_title; Struts).
func spellings(address string) (others []string) {
	if isSlugs(address) {
		return nil
	}
	others = append(others, slugs(address))
	if isASCII(address) && !strings.ContainsAny(address, ` +\<&`) {
		return others
	}
	visible := strings.Map(func(r rune) rune { return keep(r, isVisible(r)) }, address)
	return append(others, visible, slugs(visible), unaccented(address), tags.ReplaceAllLiteralString(address, ""))
}

// isVisible leaves out + and \ too: a blank in a form, and what stripslashes takes away.
func isVisible(r rune) bool { return r > ' ' && r < utf8.RuneSelf && r != '+' && r != '\\' }

// isSlugs says whether all names of an address are such as slugs returns.
func isSlugs(address string) bool {
	for i := 0; i < len(address); i++ {
		switch c := address[i]; {
		case c == '/' || isWord(c):
		case c == '-' && i > 0 && i+1 < len(address) && isWord(address[i-1]) && isWord(address[i+1]):
		default:
			return false
		}
	}
	return true
}

// isWord says whether a byte is one that no server drops.
func isWord(c byte) bool {
	c = Lower(c)
	return c == '_' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
}

// slugs are how WordPress looks the names of an address up.
func slugs(address string) string {
	if strings.ContainsAny(address, "<&") {
		address = tagsInNames.ReplaceAllLiteralString(address, "")
	}
	address = unaccented(address)
	b := make([]byte, 0, len(address))
	last := func() byte { return b[len(b)-1] }
	for i := 0; i < len(address); i++ {
		switch c := address[i]; {
		case isWord(c):
			b = append(b, c)
		case c == '/':
			for len(b) > 0 && last() == '-' {
				b = b[:len(b)-1]
			}
			b = append(b, c)
		case (c == '-' || c == '.' || c == ' ') && len(b) > 0 && last() != '-' && last() != '/':
			b = append(b, '-')
		}
	}
	return strings.TrimRight(string(b), "-")
}

// Tags are also those that are not closed. WordPress parts an address at its slashes
// first, and takes entities for tags.
var (
	tags        = regexp.MustCompile(`<[^<>]*(?:>|$)`)
	tagsInNames = regexp.MustCompile(`<[^<>/]*>?|&[^/]+?;`)
)

// unaccented takes a text's accents away, and parts ligatures.
func unaccented(s string) string {
	if isASCII(s) {
		return s
	}
	return ligatures.Replace(strings.Map(func(r rune) rune { return keep(r, !unicode.Is(unicode.Mn, r)) }, norm.NFKD.String(s)))
}

var ligatures = strings.NewReplacer("œ", "oe", "Œ", "oe", "æ", "ae", "Æ", "ae", "ß", "ss", "ø", "o", "Ø", "o", "ł", "l", "Ł", "l", "đ", "d", "Đ", "d", "ð", "d", "Ð", "d", "þ", "th", "Þ", "th")

func keep(r rune, is bool) rune {
	if is {
		return r
	}
	return -1
}
