package session

import (
	"net/http"
	"strings"
)

// cookieNames are the names of a client's cookies. Over https they carry the
// prefixes that keep sibling domains and plain http from planting them
// (RFC 6265bis §4.1.3); on loopback without TLS browsers would refuse those.
type cookieNames struct {
	session string // the sealed session
	seen    string // when somebody was last seen, sealed
	login   string // opens the name of each login attempt's cookie
	idToken string // the ID token, for the logout path alone
	logout  string // the state of a logout under way
	rounds  string // how many logins ended lately
}

func newCookieNames(base string, secure bool) cookieNames {
	host, scoped := "__Host-", "__Secure-"
	if !secure {
		host, scoped = "", ""
	}
	return cookieNames{
		session: host + base,
		seen:    host + base + "_seen",
		login:   host + base + "_login_",
		idToken: scoped + base + "_id_token",
		logout:  host + base + "_logout",
		rounds:  host + base + "_rounds",
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
