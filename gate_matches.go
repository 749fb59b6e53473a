package proconnect

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"
)

// original is the request as the client sent it; Caddy keeps its target, its method
// and no headers.
func original(r *http.Request) (http.Request, bool) {
	orig, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request)
	return orig, ok
}

// examine looks at the target once a request, for the gates that have a matcher.
func (v *visit) examine(r *http.Request) {
	if v.examined {
		return
	}
	v.examined = true
	dropSteeringHeaders(r)
	v.malformed, v.ambiguous = malformed(rawPath(r))
}

// matches says whether the gate's matcher matches a request, or what a server
// behind us may take that request for. Servers take a host in any case, and with a
// dot at its end, for the same.
func (h *Handler) matches(r *http.Request, v *visit) (bool, error) {
	if len(h.match) == 0 {
		return true, nil
	}
	matched, err := h.matchesTarget(r, v)
	host := plainHost(r.Host)
	if matched || err != nil || host == r.Host {
		return matched, err
	}
	defer func(before string) { r.Host = before }(r.Host)
	r.Host = host
	return h.matchesTarget(r, v)
}

// plainHost is a host, perhaps with a port, as operators write it.
func plainHost(host string) string {
	name, port := host, ""
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		name, port = host[:i], host[i:]
	}
	return strings.ToLower(strings.TrimRight(name, ".")) + port
}

func (h *Handler) matchesTarget(r *http.Request, v *visit) (bool, error) {
	if v.ambiguous && len(v.url.Path) > maxAmbiguous {
		return true, nil
	}
	if matched, err := h.match.AnyMatchWithError(r); matched || err != nil {
		return matched, err
	}
	rewritten := v.url.Path != r.URL.Path || v.url.RawPath != r.URL.RawPath || v.url.RawQuery != r.URL.RawQuery
	if !v.ambiguous && !rewritten && r.Header["Destination"] == nil && !h.reads.method {
		return false, nil
	}
	return h.matchesVariant(r, v, rewritten)
}

// matchesVariant tries what the request may be read as. Placeholders read the
// very *r.URL that the request began with: it is changed in place, and put back
// even if a matcher panics.
func (h *Handler) matchesVariant(r *http.Request, v *visit, rewritten bool) (bool, error) {
	list, all := h.requestVariants(r, v, rewritten)
	if !all {
		return true, nil
	}
	methods := []string{r.Method}
	if h.reads.method {
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
func (h *Handler) requestVariants(r *http.Request, v *visit, rewritten bool) (list []variant, all bool) {
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
	if !add(r.URL.EscapedPath(), r.URL.RawQuery, h.match) {
		return nil, false
	}
	if rewritten && !add(v.url.EscapedPath(), v.url.RawQuery, h.originalSets(r.URL, v.url)) {
		return nil, false
	}
	for _, destination := range r.Header["Destination"] {
		u, err := url.Parse(destination)
		if err != nil || !add(u.EscapedPath(), u.RawQuery, h.match) {
			return nil, false
		}
	}
	return list, true
}

// originalSets are those that the original address may concern. An exemption in
// handle_path says what it exempts without the prefix, so the address with it
// would never be exempt: there a set counts that names what it gates.
func (h *Handler) originalSets(now, before *url.URL) caddyhttp.MatcherSets {
	if now.Path != before.Path && strings.HasSuffix(before.Path, now.Path) && strings.HasPrefix(now.Path, "/") {
		return h.reads.naming
	}
	return h.match
}

// methodHeaders let a POST be another method, to the servers that know them.
var methodHeaders = []string{"X-Http-Method-Override", "X-Http-Method", "X-Method-Override", "X-Http-Override", "X-Original-Method"}

// methodVariants are the methods that a server may take a request's for: names in
// any case, HEAD as GET (RFC 9110 §9.3.2), overrides in a header, in the query, or,
// where we cannot see them, in a form.
func methodVariants(r *http.Request) []string {
	methods := []string{r.Method}
	method := strings.ToUpper(r.Method)
	methods = appendNew(methods, method)
	if method == http.MethodHead || method == http.MethodConnect { // a WebSocket in HTTP/2 (RFC 8441), which proxies make a GET of
		methods = appendNew(methods, http.MethodGet)
	}
	for _, name := range methodHeaders {
		for _, value := range r.Header[name] {
			methods = appendNew(methods, strings.ToUpper(strings.TrimSpace(value)))
		}
	}
	if strings.Contains(r.URL.RawQuery, "ethod") || strings.Contains(r.URL.RawQuery, "%") {
		query, _ := url.ParseQuery(r.URL.RawQuery)
		for _, name := range []string{"_method", "_httpMethod", "_HttpMethod", "$httpMethod", "x-http-method-override"} {
			for _, value := range query[name] {
				methods = appendNew(methods, strings.ToUpper(strings.TrimSpace(value)))
			}
		}
	}
	if method == http.MethodPost && isForm(r.Header.Get("Content-Type")) {
		for _, hidden := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete} {
			methods = appendNew(methods, hidden)
		}
	}
	return methods
}

// maxMethods bounds the methods that one request may claim to be: what claims more
// is nobody's request.
const maxMethods = 12

func isForm(contentType string) bool {
	contentType = strings.ToLower(contentType)
	return strings.HasPrefix(contentType, "application/x-www-form-urlencoded") || strings.HasPrefix(contentType, "multipart/form-data")
}

// steeringHeaders have servers and frameworks take another address for the
// request's: IIS' rewriter, Symfony, Zend; nginx' convention; Flask's and Traefik's;
// Next.js' own. The last two say where an application begins, and Gunicorn and Daphne
// cut that off the address; Caddy itself drops a SCRIPT_NAME that is not expected.
var steeringHeaders = []string{
	"X-Original-Url-", "X-Original-Uri-", "X-Original-Path-", "X-Rewrite-Url-", "X-Rewrite-Uri-", "X-Forwarded-Uri-", "X-Forwarded-Path-",
	"X-Override-Url-", "X-Replaced-Path-", "X-Envoy-Original-Path-", "X-Script-Name-", "X-Http-Destinationurl-",
	"X-Invoke-Path-", "X-Matched-Path-", "X-Middleware-Rewrite-",
	"Script-Name-", "Daphne-Root-Path-",
}

// dropSteeringHeaders takes them away unless a trusted proxy sent them: the gate
// would judge one address and the site serve another.
func dropSteeringHeaders(r *http.Request) {
	if fromTrustedProxy(r) {
		return
	}
	for name := range r.Header {
		if isAnyOf(name, steeringHeaders) {
			delete(r.Header, name)
		}
	}
}

// isAnyOf says whether a header is one of some, however it is spelled.
func isAnyOf(name string, headers []string) bool {
	return slices.ContainsFunc(headers, func(h string) bool { return len(name) == len(h)-1 && upstream.LooksPrefixed(name+"-", h) })
}
