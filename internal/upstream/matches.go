package upstream

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Matches says whether the gate's matcher matches a request of this target, or what
// a server behind us may take that request for. Servers take a host in any case, and
// with a dot at its end, for the same.
func (m *Matcher) Matches(r *http.Request, t Target) (bool, error) {
	if m.Everything() {
		return true, nil
	}
	matched, err := m.matchesTarget(r, t)
	host := plainHost(r.Host)
	if matched || err != nil || host == r.Host {
		return matched, err
	}
	defer func(before string) { r.Host = before }(r.Host)
	r.Host = host
	return m.matchesTarget(r, t)
}

// plainHost is a host, perhaps with a port, as operators write it.
func plainHost(host string) string {
	name, port := host, ""
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		name, port = host[:i], host[i:]
	}
	return strings.ToLower(strings.TrimRight(name, ".")) + port
}

func (m *Matcher) matchesTarget(r *http.Request, t Target) (bool, error) {
	if t.ambiguous && len(t.url.Path) > maxAmbiguous {
		return true, nil
	}
	if matched, err := m.sets.AnyMatchWithError(r); matched || err != nil {
		return matched, err
	}
	rewritten := t.url.Path != r.URL.Path || t.url.RawPath != r.URL.RawPath || t.url.RawQuery != r.URL.RawQuery
	if !t.ambiguous && !rewritten && r.Header["Destination"] == nil && !m.method {
		return false, nil
	}
	return m.matchesVariant(r, t, rewritten)
}

// matchesVariant tries each way to read the request. It changes *r.URL in place,
// because placeholders read that one, and restores it even if a matcher panics.
func (m *Matcher) matchesVariant(r *http.Request, t Target, rewritten bool) (bool, error) {
	list, all := m.requestVariants(r, t, rewritten)
	if !all {
		return true, nil
	}
	methods := []string{r.Method}
	if m.method {
		methods = methodVariants(r)
	}
	if len(methods) > maxMethods {
		return true, nil
	}
	u, method := *r.URL, r.Method
	defer func() { *r.URL, r.Method = u, method }()
	for _, variant := range list {
		r.URL.Path, r.URL.RawPath, r.URL.RawQuery = variant.path, "", variant.query
		for _, r.Method = range methods {
			if matched, err := variant.sets.AnyMatchWithError(r); err != nil || matched && len(variant.sets) > 0 {
				return true, err
			}
		}
	}
	return false, nil
}

// variant is one way to read a request, for the sets of matchers that it may
// concern.
type variant struct {
	path, query string
	sets        caddyhttp.MatcherSets
}

// requestVariants are the ways to read where a request goes: its address, the
// one that the client sent (FastCGI's REQUEST_URI), and where COPY and MOVE write
// (RFC 4918 §10.3).
func (m *Matcher) requestVariants(r *http.Request, t Target, rewritten bool) (list []variant, all bool) {
	add := func(raw, query string, sets caddyhttp.MatcherSets) bool {
		refuse, ambiguous := malformed(raw)
		if refuse {
			return false
		}
		paths := []string{raw}
		if ambiguous {
			if paths, all = pathVariants(raw); !all {
				return false
			}
		}
		if slices.ContainsFunc(paths, func(path string) bool { return strings.Contains(path, "?") }) {
			query += ";" // where the query begins is in doubt, so no matcher can read it
		}
		for _, path := range paths {
			list = append(list, variant{path, query, sets})
		}
		return len(list) <= 2*maxVariants
	}
	if !add(r.URL.EscapedPath(), r.URL.RawQuery, m.sets) {
		return nil, false
	}
	if rewritten && !add(t.url.EscapedPath(), t.url.RawQuery, m.originalSets(r.URL, t.url)) {
		return nil, false
	}
	for _, destination := range r.Header["Destination"] {
		u, err := url.Parse(destination)
		if err != nil || !add(u.EscapedPath(), u.RawQuery, m.sets) {
			return nil, false
		}
	}
	return list, true
}

// originalSets are those that the original address may concern. An exemption in
// handle_path says what it exempts without the prefix, so the address with it
// would never be exempt: there a set counts that names what it gates.
func (m *Matcher) originalSets(now, before *url.URL) caddyhttp.MatcherSets {
	if now.Path != before.Path && strings.HasSuffix(before.Path, now.Path) && strings.HasPrefix(now.Path, "/") {
		return m.naming
	}
	return m.sets
}
