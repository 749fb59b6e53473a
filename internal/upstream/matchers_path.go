package upstream

import (
	"net/http"
	"path"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// readPath has patterns that name what is gated gate it under a slash at its end, with
// an extension, and with what servers drop, too: /admin is what servers serve as
// /admin/, /admin.json and /admin/index.html.
func readPath(m *caddyhttp.MatchPath) any {
	var ends, names caddyhttp.MatchPath
	for _, pattern := range *m { // Sinatra, and whoever decodes a path like a form
		if strings.Contains(pattern, " ") {
			*m = append(*m, strings.ReplaceAll(pattern, " ", "+"))
		}
	}
	for _, pattern := range *m {
		bare := trimSlashes(pattern)
		isFile := strings.Contains(path.Base(pattern), ".")
		if !isFile {
			names = append(names, bare)
		}
		if strings.HasSuffix(pattern, "*") {
			continue
		}
		ends = append(ends, pattern, bare)
		if hasExtension(bare) { // WEBrick; Apache with AcceptPathInfo On
			*m = append(*m, bare+"/*")
		}
	}
	return &pathMatcher{inner: m, ends: &ends, names: &names, begin: newBeginnings(*m)}
}

// hasExtension says whether a pattern ends as the name of a file does, which neither
// /v1.0 nor /.well-known are: what is below these is an address of its own.
func hasExtension(pattern string) bool {
	extension := pattern[len(withoutExtension(pattern)):]
	return len(extension) > 1 && isWord(extension[1]) && (extension[1] < '0' || extension[1] > '9')
}

// foldRegexp is a regular expression that does not mind the case, as Caddy's path
// matcher does not.
func foldRegexp(re *caddyhttp.MatchRegexp) caddyhttp.MatchRegexp {
	return caddyhttp.MatchRegexp{Name: re.Name, Pattern: "(?i:" + re.Pattern + ")"}
}

// pathMatcher is Caddy's path matcher where it says what is gated.
type pathMatcher struct {
	inner, ends, names *caddyhttp.MatchPath
	begin              beginnings
}

// MatchWithError tries the address without what servers ignore at its end, and
// without what they drop.
func (m *pathMatcher) MatchWithError(r *http.Request) (bool, error) {
	matched, err := m.inner.MatchWithError(r)
	if matched || err != nil || !m.begin.maySpell(r.URL.Path) {
		return matched, err
	}
	if matched, err := m.matchEnds(r, r.URL.Path); matched || err != nil {
		return matched, err
	}
	for _, address := range spellings(r.URL.Path) {
		if matched, err := m.matchAddress(m.inner, r, address); matched || err != nil {
			return matched, err
		}
		if matched, err := m.matchEnds(r, address); matched || err != nil {
			return matched, err
		}
	}
	return false, nil
}

func (m *pathMatcher) matchEnds(r *http.Request, address string) (bool, error) {
	trimmed := trimSlashes(address)
	if trimmed != address {
		if matched, err := m.matchAddress(m.ends, r, trimmed); matched || err != nil {
			return matched, err
		}
	}
	for _, name := range shorter(trimmed) {
		if matched, err := m.matchAddress(m.names, r, name); matched || err != nil {
			return matched, err
		}
	}
	return false, nil
}

func (m *pathMatcher) matchAddress(patterns *caddyhttp.MatchPath, r *http.Request, address string) (bool, error) {
	if len(*patterns) == 0 || !m.begin.have(address) {
		return false, nil
	}
	return matchPath(patterns, r, address)
}
