package upstream

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/fileserver"
)

// readVars reads placeholders that hold a part of the address.
func readVars(m any, negated bool) *addressMatcher {
	raw, parsed := readsQuery(matcherPlaceholders(m))
	return &addressMatcher{
		inner: m, ends: !negated, lower: !negated, negated: negated,
		query: raw || parsed, raw: raw, repeated: parsed || negated,
	}
}

// readVarsFolded is readVars for a matcher without patterns: an address in lower case
// is compared with values in lower case.
func readVarsFolded(m *caddyhttp.VarsMatcher, negated bool) *addressMatcher {
	read := readVars(m, negated)
	if folded := foldPaths(m); read.lower && folded != nil {
		read.folded = folded
	}
	return read
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
