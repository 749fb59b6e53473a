package upstream

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// methodHeaders let a POST be another method, to the servers that know them.
var methodHeaders = []string{"X-Http-Method-Override", "X-Http-Method", "X-Method-Override", "X-Http-Override", "X-Original-Method"}

// methodVariants are the methods that a server may take a request's for: names in
// any case, HEAD as GET (RFC 9110 §9.3.2), overrides in a header, in the query, or,
// where we cannot see them, in a form.
func methodVariants(r *http.Request) []string {
	methods := []string{r.Method}
	add := func(method string) {
		if !slices.Contains(methods, method) {
			methods = append(methods, method)
		}
	}
	method := strings.ToUpper(r.Method)
	add(method)
	if method == http.MethodHead || method == http.MethodConnect { // a WebSocket in HTTP/2 (RFC 8441), which proxies make a GET of
		add(http.MethodGet)
	}
	for _, name := range methodHeaders {
		for _, value := range r.Header[name] {
			add(strings.ToUpper(strings.TrimSpace(value)))
		}
	}
	if strings.Contains(r.URL.RawQuery, "ethod") || strings.Contains(r.URL.RawQuery, "%") {
		query, _ := url.ParseQuery(r.URL.RawQuery)
		for _, name := range []string{"_method", "_httpMethod", "_HttpMethod", "$httpMethod", "x-http-method-override"} {
			for _, value := range query[name] {
				add(strings.ToUpper(strings.TrimSpace(value)))
			}
		}
	}
	if method == http.MethodPost && isForm(r.Header.Get("Content-Type")) {
		for _, hidden := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete} {
			add(hidden)
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
