package upstream

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// decodeOnce decodes what can be decoded and leaves the rest, as lenient servers
// do; %u0061 as IIS does.
func decodeOnce(s string) string {
	start := strings.IndexByte(s, '%')
	if start < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:start])
	for i := start; i < len(s); i++ {
		if r, n := decodeEscape(s[i:]); n > 3 {
			b.WriteRune(r)
			i += n - 1
			continue
		} else if n == 3 {
			b.WriteByte(byte(r))
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// decodeEscape reads the escape that a text begins with, and its length; 0 if
// there is none.
func decodeEscape(s string) (r rune, n int) {
	if len(s) < 3 || s[0] != '%' {
		return 0, 0
	}
	start, n := 1, 3
	if s[1] == 'u' || s[1] == 'U' {
		start, n = 2, 6
	}
	if len(s) < n {
		return 0, 0
	}
	for i := start; i < n; i++ {
		digit := unhex(s[i])
		if digit == 16 {
			return 0, 0
		}
		r = r<<4 | rune(digit)
	}
	return r, n
}

// unhex returns the value of a hexadecimal digit; 16 if it is none.
func unhex(c byte) byte {
	switch c = Lower(c); {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 16
}

// asName decodes name by name, for servers that route before they decode: to
// them %2f is part of a name, and %70ublic is not public. No browser encodes
// letters or digits.
func asName(raw string) string {
	if strings.IndexByte(raw, '%') < 0 {
		return raw
	}
	return eachName(raw, func(name string) string {
		var b strings.Builder
		for i := 0; i < len(name); i++ {
			r, n := decodeEscape(name[i:])
			switch {
			case n != 3:
				b.WriteByte(name[i])
				continue
			case r == '/' || r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)):
				b.WriteByte('-')
			default:
				b.WriteByte(byte(r))
			}
			i += n - 1
		}
		return b.String()
	})
}
