package upstream

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// isASCII says whether there is nothing to fold.
func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// foldUnicode makes of a path what normalising servers and file systems may: ａ is
// a, the full-width slash is one (NFKC), characters that HFS+ ignores are gone
// (CVE-2014-9390), and what a Windows code page makes of others.
func foldUnicode(path string) string {
	if isASCII(path) {
		return path
	}
	return strings.Map(foldRune, norm.NFKC.String(path))
}

func foldRune(r rune) rune {
	switch {
	case r == '∕' || r == '⁄' || r == '⧸':
		return '/'
	case r == '∖' || r == '⧵' || r == '¥' || r == '₩':
		return '\\'
	case r == 'ı':
		return 'i'
	case r == '\u00ad' || r == '\ufeff' || r >= '\u200b' && r <= '\u200f' || r >= '\u202a' && r <= '\u202e' || r >= '\u2060' && r <= '\u206f':
		return -1
	}
	return r
}

func composeUnicode(path string) string {
	if isASCII(path) {
		return path
	}
	return norm.NFC.String(path)
}

// asLatin1 reads a path that is not UTF-8.
func asLatin1(path string) string {
	if utf8.ValidString(path) {
		return path
	}
	runes := make([]rune, len(path))
	for i := range len(path) {
		runes[i] = rune(path[i])
	}
	return string(runes)
}
