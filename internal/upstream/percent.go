package upstream

const hexDigits = "0123456789ABCDEF"

// EncodePercent writes every byte that is no visible ASCII character, and the percent
// sign, as % and two hexadecimal digits (RFC 3986 §2.1). What is left survives whatever
// a server takes headers for, Latin-1 or UTF-8, and whatever it trims or folds; and
// because % is encoded, too, decoding once gives the exact text.
func EncodePercent(text string) string {
	encoded := 0
	for i := range len(text) {
		if percentEncoded(text[i]) {
			encoded++
		}
	}
	if encoded == 0 {
		return text
	}
	out := make([]byte, 0, len(text)+2*encoded)
	for i := range len(text) {
		if c := text[i]; percentEncoded(c) {
			out = append(out, '%', hexDigits[c>>4], hexDigits[c&15])
		} else {
			out = append(out, c)
		}
	}
	return string(out)
}

func percentEncoded(c byte) bool { return c <= ' ' || c >= 0x7f || c == '%' }
