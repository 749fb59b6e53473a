package upstream

import (
	"regexp"
	"strings"
)

// Each change returns the path as it is where it does not apply, without work.

// eachName changes what is between the slashes of a path.
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

var (
	cookieless  = regexp.MustCompile(`/\((?:[A-Za-z]\([^()/]*\))+\)`)
	cookieless1 = regexp.MustCompile(`/\([^()/]+\)`)
)

// dropCookieless takes ASP.NET's session out of a path, wherever it is: to it
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

var port = regexp.MustCompile(`^[0-9]{1,5}(?:/|$)`)

// nothing is PHP's parse_url where it gives up, so that a front controller serves
// its home page: what follows the first colon is a port to it, also without a host,
// and what follows two slashes must be a host.
func nothing(path string) string {
	if strings.HasPrefix(path, "//") {
		return "/"
	}
	if _, rest, ok := strings.Cut(path, ":"); ok && port.MatchString(rest) {
		return "/"
	}
	return path
}
