package upstream

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
)

// Matcher is a gate's matcher, which tries a request in every way that servers may
// read it. A zero Matcher matches every request.
type Matcher struct {
	sets   caddyhttp.MatcherSets
	naming caddyhttp.MatcherSets // the sets that say which addresses are gated, not only which are not
	method bool                  // it reads the method
}

// NewMatcher makes a Matcher of matcher sets, which Caddy made of raw and which it
// changes. A matcher that cannot read a request as servers do is an error. warn gets
// what the operator may not mean. neutral reports whether a matcher of another package
// is known to read neither address, query nor method.
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
	return w.readAddress(m, raw, negated)
}

// readAddress returns the matcher to ask instead of m, which reads an address or may.
func (w *matcherWalk) readAddress(m any, raw caddy.ModuleMap, negated bool) (any, error) {
	switch m := m.(type) {
	case *caddyhttp.MatchPath:
		if negated {
			return readExemptPath(m, raw["path"])
		}
		return readPath(m), nil
	case *caddyhttp.MatchPathRE:
		return w.readPathRegexp(m, negated)
	case *caddyhttp.MatchURLPattern:
		return w.readURLPattern(m, negated)
	case *caddyhttp.MatchVarsRE:
		return w.readVarsRegexp(m, negated)
	case *caddyhttp.VarsMatcher:
		return readVarsFolded(m, negated), nil
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

// readPathRegexp has a pattern that names what is gated ignore the case, as Caddy's
// path matcher does.
func (w *matcherWalk) readPathRegexp(m *caddyhttp.MatchPathRE, negated bool) (any, error) {
	if negated {
		return m, nil
	}
	re := &caddyhttp.MatchPathRE{MatchRegexp: foldRegexp(&m.MatchRegexp)}
	return &addressMatcher{inner: re, ends: true}, re.Provision(w.ctx)
}

func (w *matcherWalk) readURLPattern(m *caddyhttp.MatchURLPattern, negated bool) (any, error) {
	if !negated {
		m.IgnoreCase = true
	}
	return &addressMatcher{
		inner: m, ends: !negated, query: strings.Contains(m.Pattern, "?"), repeated: true, negated: negated,
	}, m.Provision(w.ctx)
}

func (w *matcherWalk) readVarsRegexp(m *caddyhttp.MatchVarsRE, negated bool) (any, error) {
	if !negated {
		for _, re := range *m {
			*re = foldRegexp(re)
		}
	}
	return readVars(m, negated), m.Provision(w.ctx)
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
