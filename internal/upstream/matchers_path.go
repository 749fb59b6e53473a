package upstream

import (
	"net/http"
	"path"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// readPath has patterns that name what is gated gate it under a slash at its end,
// and with an extension, too: /admin is what servers serve as /admin/ and
// /admin.json. Patterns that end in * need none of it.
func readPath(m *caddyhttp.MatchPath) any {
	var ends, names caddyhttp.MatchPath
	for _, pattern := range *m { // Sinatra, and whoever decodes a path like a form
		if strings.Contains(pattern, " ") {
			*m = append(*m, strings.ReplaceAll(pattern, " ", "+"))
		}
	}
	for _, pattern := range *m {
		if strings.HasSuffix(pattern, "*") || pattern == "/" {
			continue
		}
		ends = append(ends, pattern, strings.TrimRight(pattern, "/"))
		if !strings.Contains(path.Base(pattern), ".") {
			names = append(names, strings.TrimRight(pattern, "/"))
		}
	}
	if len(ends) == 0 {
		return m
	}
	return &pathMatcher{inner: m, ends: &ends, names: &names}
}

// foldRegexp is a regular expression that does not mind the case, as Caddy's path
// matcher does not.
func foldRegexp(re *caddyhttp.MatchRegexp) caddyhttp.MatchRegexp {
	return caddyhttp.MatchRegexp{Name: re.Name, Pattern: "(?i:" + re.Pattern + ")"}
}

// pathMatcher is Caddy's path matcher where it says what is gated.
type pathMatcher struct{ inner, ends, names *caddyhttp.MatchPath }

// MatchWithError tries the address without what servers ignore at its end.
func (m *pathMatcher) MatchWithError(r *http.Request) (bool, error) {
	if matched, err := m.inner.MatchWithError(r); matched || err != nil {
		return matched, err
	}
	address := strings.TrimRight(r.URL.Path, "/")
	if address != r.URL.Path {
		if matched, err := matchPath(m.ends, r, address); matched || err != nil {
			return matched, err
		}
	}
	if name := withoutExtension(address); name != address {
		return matchPath(m.names, r, name)
	}
	return false, nil
}

// withoutExtension is /admin for /admin.json, and .hidden for .hidden.
func withoutExtension(address string) string {
	dot := strings.LastIndexByte(address, '.')
	if dot <= strings.LastIndexByte(address, '/')+1 {
		return address
	}
	return address[:dot]
}
