package proconnect

import (
	"net/http"
	"net/url"
	"strings"
)

// gates says whether the gate stands where a request goes: by its path, or by
// what a server behind us may take that path for. Caddy reads a path one way;
// Tomcat drops `;x` from /admin;x/ before it decodes, IIS takes a backslash for a
// slash, Windows drops a dot at a name's end, two servers in a row decode twice,
// and many take .. and %2f for names.
func (h *Handler) gates(r *http.Request) (bool, error) {
	if len(h.match) == 0 {
		return true, nil
	}
	matched, err := h.match.AnyMatchWithError(r)
	if matched || err != nil || !ambiguous(r.URL) {
		return matched, err
	}
	paths, all := readings(r.URL)
	if !all {
		return true, nil
	}
	for _, path := range paths {
		u := *r.URL
		u.Path, u.RawPath = path, ""
		read := r.WithContext(r.Context())
		read.URL = &u
		if matched, err = h.match.AnyMatchWithError(read); matched || err != nil {
			return matched, err
		}
	}
	return false, nil
}

// ambiguous says whether servers may differ about a path.
func ambiguous(u *url.URL) bool {
	return strings.ContainsAny(u.Path, `;\%`) || strings.Contains(u.Path, "./") || strings.Contains(u.Path, " /") ||
		strings.HasSuffix(u.Path, "/.") || strings.HasSuffix(u.Path, "/..") ||
		strings.Contains(u.RawPath, "%2f") || strings.Contains(u.RawPath, "%2F")
}

// Bounds on the work that a path can cause. What has more readings, or is longer
// and ambiguous, is nobody's address.
const (
	maxReadings = 64
	maxReading  = 4096
)

// readings are what servers may take a path for: one or more of the things that
// they do to it, in any order. all is false if there are too many.
func readings(u *url.URL) (paths []string, all bool) {
	raw := u.EscapedPath()
	if len(raw) > maxReading {
		return nil, false
	}
	names := strings.Split(raw, "/") // decoded one by one: %2f parts none
	for i, s := range names {
		names[i] = strings.ReplaceAll(decodeOnce(s), "/", "-")
	}
	paths = []string{u.Path, decodeOnce(eachName(raw, dropParameter)), strings.Join(names, "/")}
	for i := 0; i < len(paths); i++ {
		p := paths[i]
		for _, next := range [...]string{
			decodeOnce(p), strings.ReplaceAll(p, `\`, "/"), eachName(p, dropParameter), eachName(p, trimName), eachName(p, dotsAsName),
		} {
			paths = appendNew(paths, next)
		}
		if len(paths) > maxReadings {
			return nil, false
		}
	}
	return paths, true
}

// eachName changes what stands between the slashes of a path.
func eachName(path string, change func(string) string) string {
	names := strings.Split(path, "/")
	for i, s := range names {
		names[i] = change(s)
	}
	return strings.Join(names, "/")
}

func dropParameter(s string) string {
	s, _, _ = strings.Cut(s, ";")
	return s
}

func trimName(s string) string {
	if name := strings.TrimRight(s, ". "); name != "" {
		return name
	}
	return s
}

// dotsAsName is for servers to which . and .. are names: Caddy's matcher would
// resolve them.
func dotsAsName(s string) string {
	if s == "." || s == ".." {
		return "-"
	}
	return s
}

// decodeOnce decodes what can be decoded and leaves the rest, as lenient servers do.
func decodeOnce(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi < 16 && lo < 16 {
				b.WriteByte(hi<<4 | lo)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// unhex returns the value of a hexadecimal digit; 16 if it is none.
func unhex(c byte) byte {
	switch c = lower(c); {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 16
}
