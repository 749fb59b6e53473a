// Package redact takes out of a text what a login or a logout puts into addresses: codes,
// states and hints stand in access logs, referrers and redirects, which many people read.
package redact

import (
	"net/url"
	"slices"
	"strings"
)

// Hidden takes the place of what was taken out.
const Hidden = "hidden"

// parameters are those of OAuth 2.0 (RFC 6749), PKCE (RFC 7636), OpenID Connect Core and
// RP-Initiated Logout that are secret, or that tell who somebody is. iss (RFC 9207) is
// neither, but a callback without the rest is of no use.
var parameters = []string{
	"code", "state", "nonce", "iss", "code_challenge", "code_verifier", "client_secret", "session_state",
	"id_token", "id_token_hint", "access_token", "refresh_token", "login_hint", "logout_hint",
}

// Address hides the values of these parameters in a text that is or holds an address, and
// what stands behind its #: browsers send that to nobody, but our pages have a login come
// back to it, and some applications keep a key there that no server is to know. It
// reads what browsers and servers may take for parameters, and not what a parser of
// addresses accepts: a callback with a broken escape is logged, too. Nothing else of the
// text is changed.
func Address(s string) string { return address(s, maxNested) }

// maxNested is how deep addresses within addresses are read, each of which may be encoded
// so many times. Who nests them deeper made them up, to have the log hold what it should
// not or to keep whoever writes it busy: unread, they are hidden.
const (
	maxNested  = 2
	maxEncoded = 3
)

func address(s string, depth int) string {
	i := strings.IndexAny(s, "?#")
	if i < 0 {
		return s
	}
	address := strings.Contains(s[:i], "/") // and no colour or chord of the site's own query
	var out strings.Builder
	out.WriteString(s[:i])
	for rest := s[i:]; rest != ""; {
		separator := rest[0]
		out.WriteByte(separator)
		if rest = rest[1:]; separator == '#' && address && rest != "" {
			out.WriteString(Hidden)
			break
		}
		end := strings.IndexAny(rest, "?#&;")
		if end < 0 {
			end = len(rest)
		}
		writeParameter(&out, rest[:end], depth)
		rest = rest[end:]
	}
	return out.String()
}

func writeParameter(out *strings.Builder, parameter string, depth int) {
	name, value, hasValue := strings.Cut(parameter, "=")
	if !hasValue || value == "" || !secret(name) && !nested(value, depth) {
		out.WriteString(parameter)
		return
	}
	out.WriteString(name + "=" + Hidden)
}

// secret says whether a name may be read as that of a secret parameter.
func secret(name string) bool {
	decoded, err := url.QueryUnescape(name)
	return err != nil || slices.Contains(parameters, strings.ToLower(strings.TrimSpace(decoded)))
}

// nested says whether a value holds an address that has something to hide, as a return
// target may, or may hold one.
func nested(value string, depth int) bool {
	for range maxEncoded {
		decoded := unescape(value)
		if decoded == value {
			return false
		}
		value = decoded
		if depth == 0 && strings.ContainsAny(value, "?#") || depth > 0 && address(value, depth-1) != value {
			return true
		}
	}
	return unescape(value) != value
}

// unescape decodes what can be decoded: one broken escape does not hide the rest from
// whoever reads a log.
func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if c, err := url.QueryUnescape(s[i:min(i+3, len(s))]); s[i] == '%' && err == nil {
			out.WriteString(c)
			i += 2
			continue
		}
		if s[i] == '+' {
			out.WriteByte(' ')
			continue
		}
		out.WriteByte(s[i])
	}
	return out.String()
}
