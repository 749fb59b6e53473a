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
func Address(s string) string {
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
		writeParameter(&out, rest[:end])
		rest = rest[end:]
	}
	return out.String()
}

func writeParameter(out *strings.Builder, parameter string) {
	name, value, hasValue := strings.Cut(parameter, "=")
	if !hasValue || value == "" || !secret(name) && !nested(value) {
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
// target may.
func nested(value string) bool {
	for range 3 { // as often as a target may have been encoded
		decoded, err := url.QueryUnescape(value)
		if err != nil || decoded == value {
			return false
		}
		if value = decoded; Address(value) != value {
			return true
		}
	}
	return false
}
