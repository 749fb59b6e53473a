package upstream

import (
	"strings"
	"unicode/utf8"
)

// malformed says whether a target is one that no browser sends and that servers
// read in more ways than anybody can list: RFC 3986 §5.2.4 lets .. take away an
// empty segment where Caddy merges slashes first, Tomcat drops ;x before it looks
// for dots, two servers in a row decode twice. A gate that has a matcher refuses
// it. ambiguous is what remains to be read in several ways.
func malformed(raw string) (refuse, ambiguous bool) {
	if !strings.HasPrefix(raw, "/") {
		return true, true // authority form, absolute form, *: no path of this site
	}
	if isPlain(raw) {
		return false, false
	}
	if strings.ContainsAny(raw, `\#`) {
		return true, true
	}
	if len(raw) > maxAmbiguous { // gated unread, so two looks will do
		return hasDotSegment(raw) || hasDotSegment(decodeOnce(raw)), true
	}
	for range maxDecodings {
		if isMalformed(raw) {
			return true, true
		}
		decoded := decodeOnce(raw)
		if decoded == raw {
			break
		}
		raw = decoded
	}
	return false, true
}

// maxDecodings is how often a path may have been encoded. Two servers in a row
// decode twice; what is encoded more often is ambiguous beyond reading.
const maxDecodings = 4

// isPlain says whether all servers read a path alike: one pass over what nearly
// every request asks for. A dot may end a name or make it a script's.
func isPlain(raw string) bool {
	var dot, last bool // a dot in this segment, and as the byte before
	previous := byte(0)
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case c == '/':
			if dot || previous == '/' {
				return false
			}
		case c == '.':
			if dot = true; goesOn(raw[i:]) {
				return false
			}
		case unusual[c]:
			return false
		}
		previous, last = c, c == '.'
	}
	return !last
}

// unusual are the bytes that make a path worth a second look.
var unusual = func() (table [256]bool) {
	for c := range table {
		table[c] = c <= ' ' || c >= 0x7f || strings.IndexByte(`%;:()\#?&`, byte(c)) >= 0
	}
	return table
}()

// isMalformed looks at one state of decoding.
func isMalformed(s string) bool {
	ascii := true
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] == 0x7f {
			return true
		}
		ascii = ascii && s[i] < utf8.RuneSelf
	}
	if ascii {
		return hasDotSegment(s)
	}
	return isOverlong(s) || hasDotSegment(s) || foldsToDots(s) && hasDotSegment(foldUnicode(s))
}

// foldsToDots says whether folding may make a segment of dots: by the first bytes
// of the characters that become a dot, a slash, or nothing. It spares the rest the
// work.
func foldsToDots(s string) bool {
	return strings.IndexByte(s, 0xe2) >= 0 || strings.IndexByte(s, 0xef) >= 0 || strings.IndexByte(s, 0xc2) >= 0
}

// hasDotSegment says whether a segment is nothing but dots and blanks, before
// what servers cut off. Windows drops dots and blanks at a name's end.
func hasDotSegment(path string) bool {
	for i := 0; i < len(path); {
		if path[i] != '.' && path[i] != ' ' || i > 0 && path[i-1] != '/' && path[i-1] != '\\' {
			i++
			continue
		}
		end, dots := i, false
		for ; end < len(path) && (path[end] == '.' || path[end] == ' '); end++ {
			dots = dots || path[end] == '.'
		}
		if dots && (end == len(path) || strings.IndexByte(`/\;?#`, path[end]) >= 0) {
			return true
		}
		i = end
	}
	return false
}

// isOverlong finds UTF-8 that is longer than it must be (RFC 3629 §3): a lenient
// decoder makes a dot of %c0%ae, and the sloppiest of %c0%2e, too. Latin-1, as in
// caf%E9.pdf, is something else.
func isOverlong(s string) bool {
	for i := 0; i+1 < len(s); i++ {
		next := s[i+1]
		follows := next >= 0x80 && next < 0xc0
		switch c := s[i]; {
		case c == 0xc0 || c == 0xc1:
			if follows || strings.IndexByte(`./\`, next) >= 0 {
				return true
			}
		case c == 0xe0 && follows && next < 0xa0, c == 0xf0 && follows && next < 0x90:
			return true
		}
	}
	return false
}
