package upstream

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Each change returns the path as it is where it does not apply, without work.

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

// eachName changes what stands between the slashes of a path.
func eachName(path string, change func(string) string) string {
	names := strings.Split(path, "/")
	for i, s := range names {
		names[i] = change(s)
	}
	return strings.Join(names, "/")
}

func backslashes(path string) string { return strings.ReplaceAll(path, `\`, "/") }

func dropParameters(path string) string {
	if strings.IndexByte(path, ';') < 0 {
		return path
	}
	return eachName(path, func(name string) string {
		name, _, _ = strings.Cut(name, ";")
		return name
	})
}

// trimNames drops the dots and blanks that a name ends in.
func trimNames(path string) string {
	if !strings.Contains(path, "./") && !strings.Contains(path, " /") && !strings.HasSuffix(path, ".") && !strings.HasSuffix(path, " ") {
		return path
	}
	return eachName(path, func(name string) string { return strings.TrimRight(name, ". ") })
}

// dropStreams reads /admin:$i30:$index_allocation/ and secret.txt::$data as NTFS
// does.
func dropStreams(path string) string {
	if strings.IndexByte(path, ':') < 0 {
		return path
	}
	return eachName(path, func(name string) string {
		name, _, _ = strings.Cut(name, ":")
		return name
	})
}

// cutDecoded ends a path at a question mark or a hash that was encoded.
func cutDecoded(path string) string {
	if i := strings.IndexAny(path, "?#"); i > 0 {
		return path[:i]
	}
	return path
}

// dropAuthority reads //host/path as a reference to another host (RFC 3986 §4.2),
// ///host/path too, as new URL() does. It may hold userinfo and a port.
func dropAuthority(path string) string {
	if !strings.HasPrefix(path, "//") {
		return path
	}
	path = strings.TrimLeft(path, "/")
	if i := strings.IndexByte(path, '/'); i >= 0 {
		return path[i:]
	}
	return "/"
}

func mergeSlashes(path string) string {
	if !strings.Contains(path, "//") {
		return path
	}
	var b strings.Builder
	b.Grow(len(path))
	for i := 0; i < len(path); i++ {
		if path[i] != '/' || i == 0 || path[i-1] != '/' {
			b.WriteByte(path[i])
		}
	}
	return b.String()
}

// scripts are extensions behind which servers cut a path in two: the script's
// name and PATH_INFO (RFC 3875 §4.1.5).
var scripts = map[string]bool{
	"php": true, "php3": true, "php4": true, "php5": true, "php7": true, "php8": true, "phtml": true, "phar": true, "cgi": true, "fcgi": true,
	"pl": true, "py": true, "rb": true, "lua": true, "asp": true, "aspx": true, "ashx": true, "asmx": true, "axd": true, "svc": true,
	"cfm": true, "cfml": true, "cfc": true, "jsp": true, "jspx": true, "do": true, "action": true, "dll": true, "exe": true,
}

// isScript says whether a name is a script's.
func isScript(name string) bool {
	i := strings.LastIndexByte(name, '.')
	return i >= 0 && len(name)-i < 8 && scripts[strings.ToLower(name[i+1:])]
}

// pathInfo is what follows the first script of a path.
func pathInfo(path string) string {
	for i := 1; i < len(path); i++ {
		if path[i] == '/' && isScript(path[strings.LastIndexByte(path[:i], '/')+1:i]) {
			return path[i:]
		}
	}
	return path
}

// scriptName is a path up to the last script that something follows.
func scriptName(path string) string {
	for i := len(path) - 1; i > 0; i-- {
		if path[i] == '/' && isScript(path[strings.LastIndexByte(path[:i], '/')+1:i]) {
			return path[:i]
		}
	}
	return path
}

var (
	cookieless  = regexp.MustCompile(`/\((?:[A-Za-z]\([^()/]*\))+\)`)
	cookieless1 = regexp.MustCompile(`/\([^()/]+\)`)
)

// dropCookieless takes ASP.NET's session out of a path, wherever it stands: to it
// /prot/(S(x))ected is /protected (CVE-2023-36899).
func dropCookieless(path string) string {
	if !strings.Contains(path, "/(") {
		return path
	}
	return cookieless.ReplaceAllLiteralString(path, "")
}

func dropCookieless1(path string) string {
	if !strings.Contains(path, "/(") {
		return path
	}
	return cookieless1.ReplaceAllLiteralString(path, "")
}

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

// keepEmptyNames is for servers that merge no slashes: to them an empty name is a
// name. Caddy's `path` merges the slashes of whatever it is given.
func keepEmptyNames(path string) string { return strings.ReplaceAll(path, "//", "/-/") }

// dropLastParameter is Jetty 9.4, which knows the last parameter of a path only.
func dropLastParameter(path string) string {
	if i := strings.LastIndexByte(path, ';'); i >= 0 {
		return path[:i]
	}
	return path
}

// dropPort is PHP's parse_url, which takes a colon and digits at the end for a
// port without a host, and then knows no path at all.
func dropPort(path string) string {
	rest := strings.TrimRight(path, "/")
	name := strings.TrimRight(rest, "0123456789")
	if len(name) < len(rest) && strings.HasSuffix(name, ":") {
		return "/"
	}
	return path
}
