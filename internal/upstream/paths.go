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

// trimNames drops the dots and blanks that a name ends in, and the blanks before it,
// as Spring's AntPathMatcher did.
func trimNames(path string) string {
	if !strings.Contains(path, "./") && strings.IndexByte(path, ' ') < 0 && !strings.HasSuffix(path, ".") {
		return path
	}
	return eachName(path, func(name string) string { return strings.TrimLeft(strings.TrimRight(name, ". "), " ") })
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

// cutQuery and cutFragment end a path at a question mark and a hash that were encoded.
func cutQuery(path string) string { return cutAfter(path, '?') }

func cutFragment(path string) string { return cutAfter(path, '#') }

func cutAfter(path string, c byte) string {
	if i := strings.IndexByte(path, c); i > 0 {
		return path[:i]
	}
	return path
}

// dropParameter and lastParameter are for servers that write a path into a query as it
// is (`rewrite ^/(.*)$ /index.php?q=$1`): to PHP, /x&q=admin is admin there. Which of the
// parameters counts, its name says; they are tried from the last on.
func dropParameter(path string) string {
	if i := strings.LastIndexByte(path, '&'); i > 0 {
		return path[:i]
	}
	return path
}

func lastParameter(path string) string {
	if i := strings.LastIndexByte(path, '&'); i >= 0 {
		if _, value, ok := strings.Cut(path[i:], "="); ok {
			return "/" + value
		}
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

// dropEscapedHost is Node's url.parse, to which an escape ends a host: of //u@x%2fa it
// makes the path %2fa, and of //u@%61 a path without a slash.
func dropEscapedHost(raw string) string {
	if !strings.HasPrefix(raw, "//") {
		return raw
	}
	host, _, _ := strings.Cut(raw[2:], "/")
	if i := strings.IndexByte(host[strings.LastIndexByte(host, '@')+1:], '%'); i >= 0 {
		return "/" + raw[2+strings.LastIndexByte(host, '@')+1+i:]
	}
	return raw
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
