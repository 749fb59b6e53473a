package proconnect

import "strings"

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
