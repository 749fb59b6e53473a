package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
)

// targets makes request targets from the pieces that servers differ about.
type targets struct{ *rand.Rand }

// What addresses lead to, as people write them.
var addresses = []string{
	"/admin", "/admin/", "/admin/s", "/admin/s", "/admin/tool.php", "/admin/report.pdf", "/report.pdf", "/a/report.pdf",
	"/public/s", "/public/s", "/public/report.pdf", "/secret.php", "/index.php", "/index.php/admin/s", "/s", "/",
}

// names may stand between slashes.
var names = []string{
	"admin", "admin", "ADMIN", "Admin", "public", "public", "Public", "s", "x", "report.pdf", "report.PDF", "index.php", "secret.php", "tool.php",
	"..", "..", ".", "...", "", "", "%2e%2e", "%2E.", ".%2e", "%2e", "%252e%252e", "%252e", "..;x", "..;", ".;x", ";x", ";", "x;y=z",
	"%c0%ae%c0%ae", "%e0%80%ae", "..%00", "%20", "..%20", ". .", "(S(x))", "(A(x)S(y))", "index.phpadmin", "secret.phpx.php", "x&q=admin", "admin&x", "admin.x", ".admin", "a@b", "x:80", "x:", "http:", "localhost",
	"ａdmin", "%ef%bd%81dmin", "%61dmin", "%2561dmin", "ad%6din", "a%44min", "adm%69n", "%41dmin", "adm%c4%b1n", "%u0061dmin", "admin.", "admin%20", "admin;x", "admin%3bx", "admin%00", "admin%3f", "admin%23", "admin.json", "admin~1", "admin::$DATA",
	"publi%63", "public;x", "public.", "report.pdf.", "report.pdf%20", "report.pdf%00", "report.pdf;x", "report.pdf%3bx", "report.pdf%3fx", "report%2epdf", "report.pd%66", "report.pdf%252e", "WEB-INF", "%zz", "%", "%2", "\xff", "caf\xe9", "café",
}

// slashes are what servers may take for one, or for none.
var slashes = []string{
	"/", "/", "/", "/", "/", "/", "/", "/", "//", "///", "%2f", "%2F", "%252f", "%25%32%66", `\`, "%5c", "%5C", "%255c", "/./", "/.//", "//./", "/x/../", "/x//../", "/x/..//", "//../",
	"/%2e/", "/x/%2e%2e/", "/x/..%2f", "/x%2f../", "/x%2f..%2f", "/x/..%5c", "/x/..;/", "/x/..;y/", "/.;/", "/;/", "/;x/", ";/", ";x=y/", "/%20/", "/ ", "/(S(x))/", "／", "%ef%bc%8f", "%c0%af", "%e0%80%af", "%u2215", "/%00/", "?/", "%3f/", "#/", "%23/", "\x01/", "\t", "%09/", "%0a", "%0d%0a/",
}

// fronts come before the path.
var fronts = []string{
	"", "", "", "/", "//", "//x", "//x:80", "//u@x", "//u:p@x", "//u:p@x:80", "//[::1]", "//[x", "//x?", "//%2e%2e", "//..", "/x/..", "/x//..", "/.", "/./", "/..", "/../..", "/%2e%2e", "/;x", "/..;", `\`, `/\`, `/\x`, `\\x`, "/%5cx", "/%2f", "/%2fx", "/%2f%2fx", "/.//x",
	"/public", "/public/..", "/public//..", "/public/..;", "/public/%2e%2e", "/public/..%2f", "/public/..%5c", "/public/%252e%252e", "/public%2f..", "/public/x/../..", "/public;x/..", "//public", "//public/..", "//x/public/..",
	"/index.php", "/index.php/", "/index.php//x", "/x/index.php", "/secret.php", "/INDEX.php", "/index%2ephp", "/index.php;x", "/index.php%20", "/(S(x))", "/x.pdf", "/report.pdf",
	"http://localhost", "http://x", "HTTP://x:80", "http://u@x", "http:", "http:/", "http:///", "x://y", "x:", "x:http://localhost", "https://x", "file://", "*", "*/", "x", "..", "?", "?/..", "?x/../..", "#", "/#", "/?", "/?x#",
}

// ends come after it.
var ends = []string{
	"", "", "", "/", "//", "/.", "/./", "/..", "/../s", "/%2e", ".", "..", "%2e", "%20", "%20.", ". ", "%09", "%0a", "%00", "%00.pdf", "%00x", "%01", ";", ";x", ";x=y", ";x/y", ";.pdf", "%3b", "%3bx", ";/../s", "\\", "%5c", "%2f", "%2fs", "%252f", "%252e", "%2520",
	"?", "?x", "?x=y", "?x;y", "?x=%zz", "?x=y;z=%", "?/public/s", "?.pdf", "?x=/../admin/s", "??", "#", "#x", "#/../..", "%23", "%23x", "%3f", "%3fx", "%253f", ".json", ".pdf", ".PDF", ".pdf.", ".pdf%20", "/x.css", "/x.pdf", "/x.php", "/index.php", "::$DATA", "~", ".bak", "%ef%bc%8e", "%c2%a0", "%e3%80%80", "%", "%2", "%zz", "&x=y", "@x", ":80", "%u002e",
}

// next makes one request. Half of the targets are addresses with a few things done
// to them, for chance alone seldom finds what a server still understands.
func (g targets) next() request {
	target := g.changed()
	if g.IntN(3) == 0 {
		target = g.composed()
	}
	r := request{method: http.MethodGet, target: target}
	switch g.IntN(100) {
	case 0:
		r.method, r.header = http.MethodPost, "Content-Length: 0\r\n"
	case 1:
		r.method = http.MethodConnect
		if g.IntN(2) == 0 {
			r.target = g.one([]string{"localhost:80", "x", "/admin/s:443", "admin/s", "u@x:80", "[::1]:80"})
		}
	case 2:
		r.method = g.one([]string{http.MethodOptions, http.MethodDelete, "get", "COPY", "PROPFIND"})
	}
	return r
}

func (g targets) one(of []string) string { return of[g.IntN(len(of))] }

// composed joins names by slashes.
func (g targets) composed() string {
	var b strings.Builder
	b.WriteString(g.one(fronts))
	for range 1 + g.IntN(5) {
		b.WriteString(g.one(slashes))
		b.WriteString(g.one(names))
	}
	b.WriteString(g.one(ends))
	return b.String()
}

// changed does one to four things to an address.
func (g targets) changed() string {
	target := g.one(addresses)
	for range 1 + g.IntN(4) {
		target = g.change(target)
	}
	return target
}

func (g targets) change(target string) string {
	switch g.IntN(9) {
	case 0:
		return g.one(fronts) + target
	case 1:
		return target + g.one(ends)
	case 2, 3:
		return g.replace(target, "/", g.one(slashes))
	case 4:
		return g.replace(target, "/", g.one(slashes)+g.one(names)+g.one(slashes))
	case 5:
		return g.replace(target, "/", g.one(ends)+"/")
	case 6:
		return g.character(target, func(c byte) string { return fmt.Sprintf(g.one([]string{"%%%02x", "%%%02X", "%%25%02x"}), c) })
	case 7:
		return g.character(target, otherCase)
	default:
		return g.character(target, func(c byte) string { return string(c) + g.one([]string{".", "%00", ";", "%20", "%2e", string(c)}) })
	}
}

// replace puts something in the place of one of the occurrences of old.
func (g targets) replace(s, old, by string) string {
	n := strings.Count(s, old)
	if n == 0 {
		return s
	}
	parts := strings.SplitAfter(s, old)
	i := g.IntN(n)
	parts[i] = strings.TrimSuffix(parts[i], old) + by
	return strings.Join(parts, "")
}

// character changes one byte.
func (g targets) character(s string, change func(byte) string) string {
	if s == "" {
		return s
	}
	i := g.IntN(len(s))
	return s[:i] + change(s[i]) + s[i+1:]
}

// otherCase also turns ASCII into the full-width letter that folds to it.
func otherCase(c byte) string {
	if c >= 'a' && c <= 'z' {
		return string([]rune{rune(c - 'a' + 'A')})
	}
	return string(rune(c) + 0xFEE0)
}

// some returns n requests that differ.
func (g targets) some(n int) []request {
	known := make(map[string]bool, n)
	all := make([]request, 0, n)
	for len(all) < n {
		if r := g.next(); r.target != "" && !known[r.String()] {
			known[r.String()] = true
			all = append(all, r)
		}
	}
	return all
}
