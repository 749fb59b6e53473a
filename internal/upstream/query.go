package upstream

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"golang.org/x/text/unicode/norm"
)

// queryMatcher is Caddy's query matcher in a gate. To that one a query that Go
// cannot read matches nothing; servers read it all the same (CWE-436), take ; for
// &, the first or the last of two values, page[] or Page for page.
type queryMatcher struct {
	inner   *caddyhttp.MatchQuery
	negated bool
}

// MatchWithError errs on the side of the gate: for it where the matcher says what
// is gated, against it where it says what is not.
func (m *queryMatcher) MatchWithError(r *http.Request) (bool, error) {
	if isUnreadable(r.URL) {
		return !m.negated, nil
	}
	matched, err := m.inner.MatchWithError(r)
	if err != nil || matched != m.negated {
		return matched, err // gates already
	}
	if len(*m.inner) == 0 {
		return matched && r.URL.RawQuery == "", nil
	}
	if r.URL.RawQuery == "" {
		return matched, nil
	}
	if m.negated {
		return !m.differs(r), nil
	}
	return m.mayMatch(r), nil
}

// mayMatch says whether each parameter is there in some spelling, with some of
// its values in some spelling.
func (m *queryMatcher) mayMatch(r *http.Request) bool {
	given := looseQuery(r.URL)
	repl := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	for name, wanted := range *m.inner {
		found := false
		for _, value := range given[looseName(repl.ReplaceAll(name, ""))] {
			for _, want := range wanted {
				want = repl.ReplaceAll(want, "")
				found = found || want == "*" || looseValue(value) == looseValue(want)
			}
		}
		if !found {
			return false
		}
	}
	return true
}

// differs says whether a parameter is there more than once, in any spelling: the
// server may take another value than the one that exempts.
func (m *queryMatcher) differs(r *http.Request) bool {
	given := looseQuery(r.URL)
	repl := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	for name := range *m.inner {
		if len(given[looseName(repl.ReplaceAll(name, ""))]) != 1 {
			return true
		}
	}
	return false
}

// looseQuery are the parameters under the names that servers may give them.
func looseQuery(u *url.URL) map[string][]string {
	given := make(map[string][]string)
	for name, values := range u.Query() {
		for _, name := range looseNames(name) {
			given[name] = append(given[name], values...)
		}
	}
	return given
}

// looseNames are those that a parameter may have: PHP takes a bracket that nothing
// closes for _, and who looks for the query at the last question mark finds another.
func looseNames(name string) []string {
	names := []string{looseName(name)}
	decoded := decodeOnce(name)
	if before, after, ok := strings.Cut(decoded, "["); ok && !strings.Contains(after, "]") {
		names = append(names, looseName(before+"_"+strings.ReplaceAll(after, "[", "_")))
	}
	if i := strings.LastIndexByte(decoded, '?'); i >= 0 {
		names = append(names, looseName(decoded[i+1:]))
	}
	return names
}

// looseName is a parameter's name as PHP and ASP.NET may read it.
func looseName(name string) string {
	name = strings.TrimSpace(decodeOnce(name))
	name, _, _ = strings.Cut(name, "[")
	return strings.NewReplacer(".", "_", " ", "_").Replace(looseValue(name))
}

func looseValue(value string) string {
	return strings.ToLower(norm.NFKC.String(strings.TrimSpace(decodeOnce(value))))
}

// maxParameters bounds the work on a query.
const maxParameters = 500

// isUnreadable says whether servers differ about a query as a whole: Go takes no ; (golang.org/issue/25192) and no %zz.
func isUnreadable(u *url.URL) bool {
	query := u.RawQuery
	if query == "" {
		return false
	}
	if strings.IndexByte(query, ';') >= 0 || strings.Count(query, "&") > maxParameters {
		return true
	}
	for i := 0; i < len(query); i++ {
		if query[i] < ' ' || query[i] == 0x7f || query[i] == '\\' || query[i] == '#' {
			return true
		}
		if query[i] != '%' {
			continue
		}
		r, n := decodeEscape(query[i:])
		if n != 3 || r == 0 || r == 0xc0 || r == 0xc1 {
			return true
		}
	}
	return false
}

// isRepetitive says whether a parameter is there twice, in any spelling: for
// matchers of which we cannot see which parameter they read.
func isRepetitive(u *url.URL) bool {
	if strings.IndexByte(u.RawQuery, '&') < 0 {
		return false
	}
	for _, values := range looseQuery(u) {
		if len(values) > 1 {
			return true
		}
	}
	return false
}
