package upstream

import (
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

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
	for _, spelled := range append([]string{address}, spellings(address)...) {
		trimmed := trimSlashes(spelled)
		for _, other := range append([]string{spelled, trimmed}, shorter(trimmed)...) {
			if other != address {
				others = append(others, other)
			}
		}
	}
	return others
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
