package proconnect

import (
	"net/http"
	"strings"
)

// cookieNames are the names of a client's cookies. Over https they carry the
// prefixes that keep sibling domains and plain http from planting them
// (RFC 6265bis §4.1.3); on loopback without TLS browsers would refuse those.
type cookieNames struct {
	session string // the sealed session
	login   string // opens the name of each login attempt's cookie
	idToken string // the ID token, for the logout path alone
	logout  string // the state of a logout under way
}

func newCookieNames(base string, secure bool) cookieNames {
	host, scoped := "__Host-", "__Secure-"
	if !secure {
		host, scoped = "", ""
	}
	return cookieNames{
		session: host + base,
		login:   host + base + "_login_",
		idToken: scoped + base + "_id_token",
		logout:  host + base + "_logout",
	}
}

// findCookie returns the value of a cookie. One that is there twice is not to
// be believed: somebody planted the other.
func findCookie(lines []string, name string) (value string, ok bool) {
	for _, line := range lines {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			n, v, _ := strings.Cut(strings.TrimLeft(pair, " \t"), "=")
			if n != name {
				continue
			}
			if ok {
				return "", false
			}
			value, ok = strings.TrimRight(v, " \t"), true
		}
	}
	return value, ok
}

// eachCookie calls yield with every cookie whose name starts with prefix.
func eachCookie(lines []string, prefix string, yield func(name, value string)) {
	for _, line := range lines {
		for pair := range strings.SplitSeq(line, ";") {
			if n, v, _ := strings.Cut(strings.Trim(pair, " \t"), "="); strings.HasPrefix(n, prefix) {
				yield(n, v)
			}
		}
	}
}

// hideCookies takes our cookies out of the request, so that what runs behind
// the gate never holds what would let it act as the person elsewhere.
func hideCookies(h http.Header, base string) {
	lines := h["Cookie"]
	for i, line := range lines {
		if !strings.Contains(line, base) {
			continue
		}
		// The header's own slice is kept as it was: the gate still reads it.
		kept := make([]string, 0, len(lines))
		kept = append(kept, lines[:i]...)
		for _, line := range lines[i:] {
			if line = withoutCookies(line, base); line != "" {
				kept = append(kept, line)
			}
		}
		if len(kept) == 0 {
			delete(h, "Cookie")
			return
		}
		h["Cookie"] = kept
		return
	}
}

// withoutCookies drops the cookies of one base name from a line.
func withoutCookies(line, base string) string {
	var b strings.Builder
	for rest := line; rest != ""; {
		var pair string
		pair, rest, _ = strings.Cut(rest, ";")
		pair = strings.TrimLeft(pair, " \t")
		if pair == "" || oursByName(pair, base) {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(pair)
	}
	return b.String()
}

// oursByName says whether a cookie is of this base name, prefixed or not.
func oursByName(pair, base string) bool {
	name, _, _ := strings.Cut(pair, "=")
	name = strings.TrimRight(name, " \t")
	name = strings.TrimPrefix(strings.TrimPrefix(name, "__Host-"), "__Secure-")
	rest, ok := strings.CutPrefix(name, base)
	return ok && (rest == "" || rest[0] == '_')
}

// setCookie adds a cookie that only the browser and we see.
func setCookie(w http.ResponseWriter, name, value, path string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name:     name,
		Value:    value,
		Path:     path,
		MaxAge:   maxAge,
		Secure:   strings.HasPrefix(name, "__"),
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode, // Strict would be kept back on the way home from ProConnect
	})
}
