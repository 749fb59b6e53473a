package upstream

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/fileserver"
	"go.uber.org/zap"
)

// Matcher is what the operator said of where a gate is, read as servers may read a
// request. A zero Matcher matches every request.
type Matcher struct {
	sets   caddyhttp.MatcherSets
	naming caddyhttp.MatcherSets // the sets that say which addresses are gated, not only which are not
	method bool                  // it reads the method
}

// NewMatcher has matchers read a request as servers do, and refuses those that
// cannot. It changes the sets, which Caddy made of raw. warn is told what the operator
// may not mean; neutral says of which other matchers it is known that they read
// nothing of what is asked for.
func NewMatcher(ctx caddy.Context, sets caddyhttp.MatcherSets, raw caddyhttp.RawMatcherSets,
	warn func(msg string, fields ...zap.Field), neutral func(matcher any) bool,
) (Matcher, error) {
	m := Matcher{sets: sets}
	for i, set := range sets {
		w := matcherWalk{ctx: ctx, warn: warn, neutral: neutral}
		if err := w.set(set, raw[i], false); err != nil {
			return Matcher{}, fmt.Errorf("matcher: %w", err)
		}
		m.method = m.method || w.method
		if w.naming {
			m.naming = append(m.naming, set)
		}
	}
	return m, nil
}

// Everything says whether the gate is everywhere, as without a matcher.
func (m *Matcher) Everything() bool { return len(m.sets) == 0 }

// matcherWalk goes through one set, nested ones too.
type matcherWalk struct {
	ctx     caddy.Context
	warn    func(msg string, fields ...zap.Field)
	neutral func(matcher any) bool

	naming bool // it says which addresses are gated
	method bool // it reads the method
}

// set replaces matchers in place by those that err on the side of the gate.
func (w *matcherWalk) set(set caddyhttp.MatcherSet, raw caddy.ModuleMap, negated bool) error {
	for i, m := range set {
		if not, ok := m.(*caddyhttp.MatchNot); ok {
			var sets []caddy.ModuleMap
			if err := json.Unmarshal(raw["not"], &sets); err != nil {
				return err
			}
			for j, inner := range not.MatcherSets {
				if len(inner) == 0 && !negated {
					return fmt.Errorf("not {}: %w", errExemptsAll)
				}
				if err := w.set(inner, sets[j], !negated); err != nil {
					return err
				}
			}
			continue
		}
		if err := errors.Join(checkPlaceholders(m), checkPatterns(m, negated && len(set) == 1)); err != nil {
			return err
		}
		w.warnMatcher(m, negated, len(set) == 1)
		read, err := w.read(m, raw, negated)
		if err != nil {
			return err
		}
		set[i] = read
	}
	return nil
}

// read returns the matcher to ask instead of m.
func (w *matcherWalk) read(m any, raw caddy.ModuleMap, negated bool) (any, error) {
	if w.neutral(m) {
		return m, nil
	}
	switch m := m.(type) {
	case *caddyhttp.MatchHost, *caddyhttp.MatchTLS, *caddyhttp.MatchRemoteIP, *caddyhttp.MatchClientIP,
		*caddyhttp.MatchHeader, *caddyhttp.MatchHeaderRE, *caddyhttp.MatchProtocol:
		return m, nil
	case *caddyhttp.MatchMethod:
		w.method = true
		return m, nil
	case *caddyhttp.MatchQuery:
		return &queryMatcher{m, negated}, nil
	}
	w.naming = w.naming || !negated
	switch m := m.(type) {
	case *caddyhttp.MatchPath:
		if negated {
			return readExemptPath(m, raw["path"])
		}
		return readPath(m), nil
	case *caddyhttp.MatchPathRE:
		if negated {
			return m, nil
		}
		re := &caddyhttp.MatchPathRE{MatchRegexp: foldRegexp(&m.MatchRegexp)}
		return &addressMatcher{inner: re, ends: true}, re.Provision(w.ctx)
	case *caddyhttp.MatchURLPattern:
		if !negated {
			m.IgnoreCase = true
		}
		return &addressMatcher{inner: m, ends: !negated, query: strings.Contains(m.Pattern, "?"), repeated: true, negated: negated}, m.Provision(w.ctx)
	case *caddyhttp.MatchVarsRE:
		for name, re := range *m {
			if folded := foldRegexp(re); !negated {
				*re = folded
				(*m)[name] = re
			}
		}
		return readVars(m, negated), m.Provision(w.ctx)
	case *caddyhttp.VarsMatcher:
		read := readVars(m, negated)
		if folded := foldPaths(m); read.lower && folded != nil {
			read.folded = folded
		}
		return read, nil
	case *caddyhttp.MatchExpression:
		read, err := w.readExpression(m, negated)
		if err != nil {
			return nil, err
		}
		return readExemptions(w.ctx, m, read, negated)
	}
	w.method = true // whatever it is, it gets the request as servers may read it
	return &addressMatcher{inner: m, query: true, repeated: true, negated: negated}, nil
}

// readVars reads placeholders that hold a part of the address.
func readVars(m any, negated bool) *addressMatcher {
	raw, parsed := readsQuery(matcherPlaceholders(m))
	return &addressMatcher{
		inner: m, ends: !negated, lower: !negated, negated: negated,
		query: raw || parsed, raw: raw, repeated: parsed || negated,
	}
}

// foldPaths is a matcher of placeholders in which paths are in lower case; nil if they
// are already.
func foldPaths(m *caddyhttp.VarsMatcher) *caddyhttp.VarsMatcher {
	folded, changed := make(caddyhttp.VarsMatcher, len(*m)), false
	for name, values := range *m {
		for _, value := range values {
			lower := value
			if strings.HasPrefix(value, "/") {
				lower = strings.ToLower(value)
			}
			folded[name], changed = append(folded[name], lower), changed || lower != value
		}
	}
	if !changed {
		return nil
	}
	return &folded
}

// readsQuery says whether placeholders hold the query as it was written, or a
// parameter of it.
func readsQuery(names []string) (raw, parsed bool) {
	for _, name := range names {
		switch rest, ok := strings.CutPrefix(name, "http.request.uri"); {
		case !ok:
		case strings.HasPrefix(rest, ".query."):
			parsed = true
		case !strings.HasPrefix(rest, ".path"):
			raw = true
		}
	}
	return raw, parsed
}

// readExpression reads a CEL expression with every care that it may need: whether
// a part of it is negated can be told only where nothing is.
func (w *matcherWalk) readExpression(m *caddyhttp.MatchExpression, negated bool) (any, error) {
	w.method = w.method || strings.Contains(m.Expr, "method")
	plain := !negated && !strings.Contains(m.Expr, "!") && !strings.Contains(m.Expr, "false")
	w.naming = w.naming || plain || negated
	raw, parsed := readsQuery(matcherPlaceholders(m))
	parsed = parsed || strings.Contains(m.Expr, "query(") || strings.Contains(m.Expr, "url_pattern(")
	a := &addressMatcher{
		inner: m, ends: plain, lower: !negated, negated: negated,
		query: raw || parsed, raw: raw, repeated: parsed || !plain,
	}
	if folded := celText.ReplaceAllStringFunc(m.Expr, strings.ToLower); a.lower && folded != m.Expr {
		lower := &caddyhttp.MatchExpression{Expr: folded, Name: m.Name}
		a.folded = lower
		return a, lower.Provision(w.ctx)
	}
	return a, nil
}

// readPath has patterns that name what is gated gate it under a slash at its end,
// and with an extension, too: /admin is what servers serve as /admin/ and
// /admin.json. Patterns that end in * need none of it.
func readPath(m *caddyhttp.MatchPath) any {
	var ends, names caddyhttp.MatchPath
	for _, pattern := range *m { // Sinatra, and whoever decodes a path like a form
		if strings.Contains(pattern, " ") {
			*m = append(*m, strings.ReplaceAll(pattern, " ", "+"))
		}
	}
	for _, pattern := range *m {
		if strings.HasSuffix(pattern, "*") || pattern == "/" {
			continue
		}
		ends = append(ends, pattern, strings.TrimRight(pattern, "/"))
		if !strings.Contains(path.Base(pattern), ".") {
			names = append(names, strings.TrimRight(pattern, "/"))
		}
	}
	if len(ends) == 0 {
		return m
	}
	return &pathMatcher{inner: m, ends: &ends, names: &names}
}

// foldRegexp is a regular expression that does not mind the case, as Caddy's path
// matcher does not.
func foldRegexp(re *caddyhttp.MatchRegexp) caddyhttp.MatchRegexp {
	return caddyhttp.MatchRegexp{Name: re.Name, Pattern: "(?i:" + re.Pattern + ")"}
}

// pathMatcher is Caddy's path matcher where it says what is gated.
type pathMatcher struct{ inner, ends, names *caddyhttp.MatchPath }

// MatchWithError tries the address without what servers ignore at its end.
func (m *pathMatcher) MatchWithError(r *http.Request) (bool, error) {
	if matched, err := m.inner.MatchWithError(r); matched || err != nil {
		return matched, err
	}
	address := strings.TrimRight(r.URL.Path, "/")
	if address != r.URL.Path {
		if matched, err := matchPath(m.ends, r, address); matched || err != nil {
			return matched, err
		}
	}
	if name := withoutExtension(address); name != address {
		return matchPath(m.names, r, name)
	}
	return false, nil
}

// addressMatcher is a matcher that may read an address, a query, or both.
type addressMatcher struct {
	inner    any
	folded   any  // the same in lower case, if it is written otherwise, for an address in lower case
	ends     bool // it says what is gated: what servers ignore at an address' end is ignored
	lower    bool // it minds the case: the address is tried in lower case, too
	query    bool // it may read the query
	raw      bool // and as it was written: it is tried decoded, too
	repeated bool // a parameter that is there twice may mislead it
	negated  bool
}

// MatchWithError errs on the side of the gate.
func (m *addressMatcher) MatchWithError(r *http.Request) (bool, error) {
	if m.query && (isUnreadable(r.URL) || m.repeated && isRepetitive(r.URL)) {
		return !m.negated, nil
	}
	matched, err := m.matchAddresses(r)
	if err != nil || matched != m.negated || !m.raw || !strings.ContainsAny(r.URL.RawQuery, "%+") {
		return matched, err
	}
	query := r.URL.RawQuery
	defer func() { r.URL.RawQuery = query }()
	r.URL.RawQuery = decodeOnce(strings.ReplaceAll(query, "+", " "))
	return m.matchAddresses(r)
}

func (m *addressMatcher) matchAddresses(r *http.Request) (bool, error) {
	matched, err := match(m.inner, r)
	if matched || err != nil || !m.ends && !m.lower {
		return matched, err
	}
	other := m.inner
	if m.folded != nil {
		other = m.folded
	}
	for _, address := range m.addresses(r.URL.Path) {
		if matched, err := matchPath(other, r, address); matched || err != nil {
			return matched, err
		}
	}
	return false, nil
}

func (m *addressMatcher) addresses(address string) (others []string) {
	if lower := strings.ToLower(address); m.lower && (lower != address || m.folded != nil) {
		others = append(others, lower)
		address = lower
	}
	if !m.ends {
		return others
	}
	if trimmed := strings.TrimRight(address, "/"); trimmed != address && trimmed != "" {
		others = append(others, trimmed)
		address = trimmed
	}
	if name := withoutExtension(address); name != address {
		others = append(others, name)
	}
	return others
}

// withoutExtension is /admin for /admin.json, and .hidden for .hidden.
func withoutExtension(address string) string {
	dot := strings.LastIndexByte(address, '.')
	if dot <= strings.LastIndexByte(address, '/')+1 {
		return address
	}
	return address[:dot]
}

// matchPath asks a matcher of another path, in place: placeholders see it.
func matchPath(m any, r *http.Request, path string) (bool, error) {
	u := *r.URL
	defer func() { *r.URL = u }()
	r.URL.Path, r.URL.RawPath = path, ""
	return match(m, r)
}

func match(m any, r *http.Request) (bool, error) {
	return caddyhttp.MatcherSet{m}.MatchWithError(r)
}

// matcherPlaceholders are the placeholders that a matcher reads; an empty one is
// known when a request comes, no sooner.
func matcherPlaceholders(m any) []string {
	var texts []string
	switch m := m.(type) {
	case *caddyhttp.MatchExpression:
		return append(placeholdersIn(m.Expr), m.Placeholders()...)
	case *caddyhttp.MatchPath:
		texts = *m
	case *caddyhttp.MatchQuery:
		for name, values := range *m {
			texts = append(append(texts, name), values...)
		}
	case *caddyhttp.VarsMatcher:
		for name, values := range *m {
			texts = append(append(texts, name), values...)
		}
	case *caddyhttp.MatchVarsRE:
		for name := range *m {
			texts = append(texts, name)
		}
	case *fileserver.MatchFile:
		texts = append(slices.Clone(m.TryFiles), m.Root)
	}
	return placeholdersIn(texts...)
}

var placeholder = regexp.MustCompile(`\{([a-zA-Z][\w.-]*)`)

func placeholdersIn(texts ...string) (names []string) {
	for _, text := range texts {
		for _, found := range placeholder.FindAllStringSubmatch(text, -1) {
			names = append(names, found[1])
		}
	}
	return names
}

// checkPlaceholders refuses what the gate cannot have read in every way: the
// request as it was sent lies where nobody can change it, and some placeholders
// read another copy of the request than matchers get.
func checkPlaceholders(m any) error {
	for _, name := range matcherPlaceholders(m) {
		switch {
		case name == "":
			return errors.New("an expression that makes up the name of a placeholder cannot be read as servers read addresses: write the name, or use `path`, `query` or `method`")
		case strings.HasPrefix(name, "http.request.orig_uri"):
			return fmt.Errorf("{%s} cannot be read as servers read addresses: write `path /admin /admin/*` instead; a gate tries the address that the browser asked for, too", name)
		case name == "http.request.method" || name == "http.request.orig_method":
			return fmt.Errorf("{%s} cannot be read as servers read methods: write `method POST` instead, or method('POST') inside an expression", name)
		}
	}
	return nil
}
