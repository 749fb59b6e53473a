package origin

import (
	"net/url"
	"strings"
)

// MaxTarget is how long a return target may be: it travels in a cookie.
const MaxTarget = 1024

// ReturnTarget makes a path of this site of where somebody wants to go after a
// login, or "/": never another origin, and never one of our endpoints, under
// own. One that is too long loses its query.
func ReturnTarget(s, own string) string {
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
	return target
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
