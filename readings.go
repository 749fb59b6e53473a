package proconnect

import (
	"net/http"
	"strings"
)

// gates says whether the gate stands where a request goes: by its path, or by
// what a server behind us may take that path for. Caddy reads a path one way;
// Tomcat drops `;x` from /admin;x/, IIS takes a backslash for a slash, Windows
// drops a dot at a name's end, and two servers in a row decode twice.
func (h *Handler) gates(r *http.Request) (bool, error) {
	if len(h.match) == 0 {
		return true, nil
	}
	matched, err := h.match.AnyMatchWithError(r)
	if matched || err != nil {
		return matched, err
	}
	path, other := otherReading(r.URL.Path)
	if !other {
		return false, nil
	}
	u := *r.URL
	u.Path, u.RawPath = path, ""
	read := r.WithContext(r.Context())
	read.URL = &u
	return h.match.AnyMatchWithError(read)
}

// otherReading is what the servers above take a decoded path for, if it is
// another than Caddy's.
func otherReading(path string) (read string, other bool) {
	if !strings.ContainsAny(path, `;\%`) && !strings.Contains(path, "./") && !strings.Contains(path, " /") {
		return path, false
	}
	read = strings.ReplaceAll(decodeOnce(path), `\`, "/")
	segments := strings.Split(read, "/")
	for i, s := range segments {
		s, _, _ = strings.Cut(s, ";")
		if name := strings.TrimRight(s, ". "); name != "" {
			s = name
		}
		segments[i] = s
	}
	read = strings.Join(segments, "/")
	return read, read != path
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
