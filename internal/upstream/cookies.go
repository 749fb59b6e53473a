package upstream

import (
	"net/http"
	"strings"
)

// HideCookies takes our cookies out of the request, so that what runs behind
// the gate never holds what would let it act as the person elsewhere. The
// header's own slice is kept as it was: the gate still reads it.
func HideCookies(h http.Header, base string) {
	lines := h["Cookie"]
	if len(lines) == 0 {
		return
	}
	var kept []string
	for i, line := range lines {
		rest := withoutCookies(line, base)
		if kept == nil && rest != line {
			kept = append(make([]string, 0, len(lines)), lines[:i]...)
		}
		if kept != nil && rest != "" {
			kept = append(kept, rest)
		}
	}
	switch {
	case kept == nil:
	case len(kept) == 0:
		delete(h, "Cookie")
	default:
		h["Cookie"] = kept
	}
}

// withoutCookies drops our cookies of one base name from a line. Where those
// that stay are together, as they mostly do, nothing is copied.
func withoutCookies(line, base string) string {
	runs, from, to, inRun := 0, 0, 0, false
	for start := 0; start < len(line); {
		end := cookieEnd(line, start)
		stays := !oursByName(line[start:end], base)
		if stays && !inRun {
			runs, from = runs+1, start
		}
		if stays {
			to = end
		}
		start, inRun = end+1, stays
	}
	if runs == 0 {
		return ""
	}
	if runs == 1 {
		if to-from == len(line) {
			return line
		}
		return strings.TrimLeft(line[from:to], " \t")
	}
	var b strings.Builder
	b.Grow(len(line))
	for start := 0; start < len(line); {
		end := cookieEnd(line, start)
		if pair := strings.TrimLeft(line[start:end], " \t"); !oursByName(pair, base) {
			if b.Len() > 0 {
				b.WriteString("; ")
			}
			b.WriteString(pair)
		}
		start = end + 1
	}
	return b.String()
}

// cookieEnd is where the cookie that starts in a line ends.
func cookieEnd(line string, start int) int {
	if i := strings.IndexByte(line[start:], ';'); i >= 0 {
		return start + i
	}
	return len(line)
}

// sandboxCookie is the single sign-on of the simulated ProConnect.
const sandboxCookie = "proconnect_sandbox"

// oursByName says whether a cookie is one of ours, by the grammar of their names:
// prefix, base, port, purpose. Anything looser would hide an application's own
// cookies from it, whose names may begin as ours do.
func oursByName(pair, base string) bool {
	for pair != "" && (pair[0] == ' ' || pair[0] == '\t') {
		pair = pair[1:]
	}
	if rest, ok := strings.CutPrefix(pair, sandboxCookie); ok && nameEnds(rest) {
		return true // the simulated single sign-on, whoever uses the sandbox or did
	}
	if strings.HasPrefix(pair, "__") {
		host, ok := strings.CutPrefix(pair, "__Host-")
		if !ok {
			host = strings.TrimPrefix(pair, "__Secure-")
		}
		pair = host
	}
	rest, ok := strings.CutPrefix(pair, base)
	return ok && endsOurName(cutPort(rest))
}

// ourSuffixes say what a cookie of ours is for, at its name's end. A session's has none.
var ourSuffixes = [...]string{"", "_id_token", "_logout", "_rounds", "_browser", "_busy", "_seen", "_silent", "_renew", "_entry"}

// endsOurName says whether a name that begins as ours do ends as one of them.
func endsOurName(rest string) bool {
	for _, suffix := range ourSuffixes {
		if end, ok := strings.CutPrefix(rest, suffix); ok && nameEnds(end) {
			return true
		}
	}
	return false
}

// nameEnds says whether a cookie's name is over. Many servers trim it.
func nameEnds(rest string) bool {
	rest = strings.TrimLeft(rest, " \t")
	return rest == "" || rest[0] == '='
}

// cutPort drops the port of a site that is not on the scheme's own: browsers share
// cookies between the ports of a host.
func cutPort(rest string) string {
	if len(rest) < 2 || rest[0] != '_' || rest[1] < '1' || rest[1] > '9' {
		return rest
	}
	n := 2
	for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
		n++
	}
	if n > len("_65535") {
		return rest
	}
	return rest[n:]
}
