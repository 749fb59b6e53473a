package origin

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
)

// MaxTarget is how long a return target may be: it travels in a cookie.
const MaxTarget = 1024

// ReturnTarget makes a path of this site of where somebody wants to go after a
// login, or "/": never another origin, and never one of our endpoints, under
// own. One that is too long loses its fragment, then its query.
func ReturnTarget(s, own string) string {
	s, fragment, _ := strings.Cut(s, "#")
	if !IsLocalPath(s) {
		return "/"
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !harmlessPath(u.Path) {
		return "/"
	}
	if u.Path == own || strings.HasPrefix(u.Path, own+"/") {
		return "/"
	}
	target := u.EscapedPath()
	if u.RawQuery != "" && len(target)+1+len(u.RawQuery) <= MaxTarget {
		target += "?" + u.RawQuery
	}
	if len(target) > MaxTarget || strings.HasPrefix(target, "//") {
		return "/"
	}
	return withFragment(target, fragment)
}

// withFragment adds what stands behind a # to a target, if it fits. No server looks at it,
// and a browser that follows it stays on the page: it may say anything, in the characters
// of an address (RFC 3986 section 3.5).
func withFragment(target, fragment string) string {
	if fragment == "" || len(target)+1+len(fragment) > MaxTarget {
		return target
	}
	var out strings.Builder
	out.WriteString(target + "#")
	for i := range len(fragment) {
		if b := fragment[i]; isFragmentByte(b) || b == '%' && isEscape(fragment[i:]) {
			out.WriteByte(b)
		} else {
			fmt.Fprintf(&out, "%%%02X", b)
		}
	}
	if out.Len() > MaxTarget {
		return target
	}
	return out.String()
}

// isFragmentByte says whether a byte may stand in a fragment as it is.
func isFragmentByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || strings.IndexByte("-._~!$&'()*+,;=:@/?", b) >= 0
}

// isEscape says whether a text begins with an escaped byte.
func isEscape(s string) bool {
	if len(s) < 3 {
		return false
	}
	_, err := hex.DecodeString(s[1:3])
	return err == nil
}

// harmlessPath looks at the decoded path: a browser or a proxy may decode it too.
// A browser also resolves dot segments, escaped ones too, and would land on an
// endpoint where a check of the path as written saw none.
func harmlessPath(p string) bool {
	for segment := range strings.SplitSeq(p, "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	return strings.HasPrefix(p, "/") && !strings.HasPrefix(p, "//") &&
		!strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r == '\\' || r == 0x7f })
}

// Cut removes an origin from the front of an absolute URL.
func Cut(s, origin string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(s, origin)
	return rest, ok && strings.HasPrefix(rest, "/")
}

// IsLocalPath says whether p is a path of the same origin. Browsers take a
// backslash for a slash, and drop tabs and line breaks, before they look.
func IsLocalPath(p string) bool {
	return strings.HasPrefix(p, "/") && !strings.HasPrefix(p, "//") &&
		!strings.ContainsFunc(p, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f })
}
