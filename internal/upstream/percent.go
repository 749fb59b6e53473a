package upstream

import "strings"

const hexDigits = "0123456789ABCDEF"

// EncodePercent writes every byte that is no visible ASCII character, and the percent
// sign, as % and two hexadecimal digits (RFC 3986 §2.1). What is left survives whatever
// a server takes headers for, Latin-1 or UTF-8, and whatever it trims or folds; and
// because % is encoded, too, decoding once gives the exact text.
func EncodePercent(text string) string {
	if !strings.ContainsFunc(text, percentEncoded) {
		return text
	}
	out := make([]byte, 0, 3*len(text))
	for i := range len(text) {
		if c := text[i]; percentEncoded(rune(c)) {
			out = append(out, '%', hexDigits[c>>4], hexDigits[c&15])
		} else {
			out = append(out, c)
		}
	}
	return string(out)
}

func percentEncoded(c rune) bool { return c <= ' ' || c >= 0x7f || c == '%' }
