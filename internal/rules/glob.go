package rules

import (
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/listfile"
)

// matchEmail compares the two sides of the @ each for itself, so that no *
// reaches across it.
func matchEmail(glob, email string) bool {
	globLocal, globDomain, _ := strings.Cut(glob, "@")
	local, domain, ok := strings.Cut(email, "@")
	return ok && strings.IndexByte(domain, '@') < 0 && matchGlob(globDomain, domain) && matchGlob(globLocal, local)
}

// matchGlob says whether s matches a pattern in which * is any run of
// characters; ASCII capitals of s are as good as small letters. It goes back only to
// the last *, so its time is bounded by the product of the lengths, whatever the
// pattern.
func matchGlob(glob, s string) bool {
	g, i, star, retry := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case g < len(glob) && glob[g] == '*':
			star, retry = g, i
			g++
		case g < len(glob) && glob[g] == listfile.Lower(s[i]):
			g++
			i++
		case star >= 0:
			retry++
			g, i = star+1, retry
		default:
			return false
		}
	}
	return strings.Trim(glob[g:], "*") == ""
}
