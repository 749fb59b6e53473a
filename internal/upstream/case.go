package upstream

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Caddy's path matcher ignores case, but most servers do not: to them /PUBLIC/x is not
// what `not path /public/*` exempts. A matcher that gates may go on ignoring it. One
// that exempts is asked twice: the second time every capital is marked, in the pattern
// and in the address, so that case counts.

// exemptPath is Caddy's path matcher where it says what is not gated.
type exemptPath struct {
	inner    *caddyhttp.MatchPath
	exact    caddyhttp.MatchPath // the patterns with their capitals marked
	variable []string            // those that placeholders complete
}

// readExemptPath takes the patterns as they were configured: Caddy's matcher keeps
// them in lower case.
func readExemptPath(m *caddyhttp.MatchPath, raw json.RawMessage) (*exemptPath, error) {
	e := &exemptPath{inner: m}
	var patterns []string
	if err := json.Unmarshal(raw, &patterns); err != nil {
		return nil, err
	}
	for _, pattern := range patterns {
		if strings.Contains(pattern, "{") {
			e.variable = append(e.variable, pattern)
			continue
		}
		e.exact = append(e.exact, markPattern(pattern))
	}
	return e, nil
}

// MatchWithError matches what Caddy matches, in the case that was written.
func (e *exemptPath) MatchWithError(r *http.Request) (bool, error) {
	if matched, err := e.inner.MatchWithError(r); !matched || err != nil {
		return false, err
	}
	exact := e.exact
	for _, pattern := range e.variable {
		repl := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
		if pattern = repl.ReplaceAll(pattern, ""); !strings.Contains(pattern, "{") {
			exact = append(exact[:len(exact):len(exact)], markPattern(pattern))
		}
	}
	return matchMarked(&exact, r)
}

// exemptExpression is an expression of which a part may say what is not gated.
type exemptExpression struct {
	inner   any
	marked  *caddyhttp.MatchExpression // its capitals marked
	cased   bool                       // it has some
	negated bool
}

// MatchWithError gates if either reading does.
func (e *exemptExpression) MatchWithError(r *http.Request) (bool, error) {
	matched, err := match(e.inner, r)
	if err != nil || matched != e.negated || !e.cased && markCapitals(r.URL.Path) == r.URL.Path {
		return matched, err
	}
	return matchMarked(e.marked, r)
}

// readExemptions has an expression that asks for paths read once more with their
// capitals marked. Which part of it is negated nothing tells.
func readExemptions(ctx caddy.Context, m *caddyhttp.MatchExpression, inner any, negated bool) (any, error) {
	if !celPath.MatchString(m.Expr) {
		return inner, nil
	}
	marked := &caddyhttp.MatchExpression{Expr: celText.ReplaceAllStringFunc(m.Expr, markPattern), Name: m.Name}
	e := &exemptExpression{inner: inner, marked: marked, cased: marked.Expr != m.Expr, negated: negated}
	return e, marked.Provision(ctx)
}

var (
	celPath = regexp.MustCompile(`\bpath\s*\(`)
	celText = regexp.MustCompile(`'[/*][^'\\]*'|"[/*][^"\\]*"`)
)

// matchMarked asks a matcher of the path with its capitals marked.
func matchMarked(m any, r *http.Request) (bool, error) {
	path := markCapitals(r.URL.Path)
	if path == r.URL.Path {
		return match(m, r)
	}
	u := *r.URL
	defer func() { *r.URL = u }()
	r.URL.Path, r.URL.RawPath = path, markEscaped(u.RawPath)
	return match(m, r)
}

// marks is where the private use of Unicode begins that has room for every capital.
const marks = 0xf0000

// markCapitals puts a character without case for each that has one: a single one,
// in the same order, so that ? and [A-Z] go on to match it. Nobody can send those
// instead, because what exempts is asked without them, too.
func markCapitals(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.ToLower(r) != r {
			return marks + r
		}
		return r
	}, s)
}

// markPattern leaves what is encoded in a pattern as it is.
func markPattern(pattern string) string {
	return eachRun(pattern, strings.ToLower, markCapitals)
}

// markEscaped does the same to a path that is encoded.
func markEscaped(raw string) string {
	return eachRun(raw, func(run string) string {
		text, err := url.PathUnescape(run)
		if err != nil || markCapitals(text) == text {
			return run
		}
		var b strings.Builder
		for _, c := range []byte(markCapitals(text)) {
			fmt.Fprintf(&b, "%%%02x", c)
		}
		return b.String()
	}, func(run string) string {
		if markCapitals(run) == run {
			return run
		}
		return (&url.URL{Path: markCapitals(run)}).EscapedPath()
	})
}

var escapes = regexp.MustCompile(`(?:%[0-9a-fA-F]{2})+`)

// eachRun changes what is encoded and what is not.
func eachRun(s string, encoded, plain func(string) string) string {
	var b strings.Builder
	for s != "" {
		at := escapes.FindStringIndex(s)
		if at == nil {
			at = []int{len(s), len(s)}
		}
		b.WriteString(plain(s[:at[0]]))
		b.WriteString(encoded(s[at[0]:at[1]]))
		s = s[at[1]:]
	}
	return b.String()
}
