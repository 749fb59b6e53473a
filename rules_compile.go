package proconnect

import (
	"fmt"
	"slices"

	"github.com/caddy-proconnect/caddy-proconnect/internal/listfile"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
)

// ruleSet is the rules of a gate, or the one rule of a matcher, ready to decide.
type ruleSet struct {
	rules []compiledRule // in the order of the configuration
	reads []claims.Ref   // the claims that the conditions compare

	// warnings are what an operator should know and may want.
	warnings []string
}

type compiledRule struct {
	position   int    // from 1
	name       string // how it begins
	deny       bool
	conditions []condition // none: every professional
}

type condition struct {
	field   claims.Ref
	compare comparison
	not     bool
	absent  bool
	literal *listfile.Set // nil: the values are in lists
	lists   []*listfile.List
	// stepUp: another login of the same person may make the condition true.
	stepUp bool
}

// compileRules checks the rules of a gate and makes them ready. It opens their
// lists through pool.
func compileRules(rules []Rule, pool *listPool) (*ruleSet, error) {
	if err := checkRules(rules); err != nil {
		return nil, err
	}
	return compile(rules, pool)
}

// compileMatcher does the same for the one rule of a request matcher, which has no
// effect.
func compileMatcher(rule Rule, pool *listPool) (*ruleSet, error) {
	if err := checkRule(rule); err != nil {
		return nil, err
	}
	return compile([]Rule{rule}, pool)
}

func compile(rules []Rule, pool *listPool) (*ruleSet, error) {
	rs := new(ruleSet)
	for i, r := range rules {
		c := compiledRule{position: i + 1, name: r.name(), deny: r.Effect == effectDeny}
		for _, cond := range r.Conditions {
			compiled, err := compileCondition(cond, pool)
			if err != nil {
				return nil, fmt.Errorf("rule %d: %w", i+1, err)
			}
			c.conditions = append(c.conditions, compiled)
			rs.reads = appendNew(rs.reads, compiled.field)
		}
		rs.rules = append(rs.rules, c)
		rs.warnings = append(rs.warnings, warnings(i+1, r, c)...)
	}
	rs.warnings = append(rs.warnings, warnBeside(rs.rules)...)
	return rs, nil
}

func compileCondition(c Condition, pool *listPool) (condition, error) {
	field, _ := claims.Lookup(c.Field)
	compare, format := compared(field)
	compiled := condition{
		field: field, compare: compare, not: c.Not, absent: c.Absent,
		stepUp: c.Field == claims.RefOf(claims.ACR).Name && !c.Not && !c.Absent,
	}
	for _, path := range c.From {
		l, err := pool.open(path, format)
		if err != nil {
			return condition{}, fmt.Errorf("%s from %w", c.Field, err)
		}
		compiled.lists = append(compiled.lists, l)
	}
	if len(c.Values) > 0 {
		literal, err := listfile.Of(format, c.Values)
		if err != nil {
			return condition{}, fmt.Errorf("%s: %w", c.Field, err)
		}
		compiled.literal = literal
	}
	return compiled, nil
}

// levels returns the levels of assurance any of which satisfies all of the rule's
// conditions on acr at once; none if it has no such condition.
func (r *compiledRule) levels() []string {
	var levels []string
	for _, level := range acrKnown {
		asked, will := false, true
		for i := range r.conditions {
			if c := &r.conditions[i]; c.stepUp {
				has, _ := c.has(level)
				asked, will = true, will && has
			}
		}
		if asked && will {
			levels = append(levels, level)
		}
	}
	return levels
}

// needsLevel says whether the rule has a condition that another login may satisfy.
func (r *compiledRule) needsLevel() bool {
	return slices.ContainsFunc(r.conditions, func(c condition) bool { return c.stepUp })
}

// requiredLevels returns the levels that satisfy one allow rule or another; every
// says that no allow rule does without.
func (rs *ruleSet) requiredLevels() (levels []string, every bool) {
	for i := range rs.rules {
		r := &rs.rules[i]
		if r.deny {
			continue
		}
		if !r.needsLevel() {
			return nil, false
		}
		levels = append(levels, r.levels()...)
	}
	return intersect(acrKnown, levels), true
}

// unite says whether the levels that some of the allow rules need, as far as they
// are within, are together just these levels.
func (rs *ruleSet) unite(levels, within []string) bool {
	var united []string
	for i := range rs.rules {
		r := &rs.rules[i]
		if r.deny {
			continue
		}
		if needed := intersect(r.levels(), within); len(intersect(needed, levels)) == len(needed) {
			united = append(united, needed...)
		}
	}
	united = intersect(acrKnown, united)
	return len(united) > 0 && sameLevels(united, levels)
}

// sameLevels says whether two lists have the same levels: ProConnect compares them
// as sets.
func sameLevels(a, b []string) bool {
	return len(a) == len(b) && len(intersect(a, b)) == len(a)
}

// intersect returns the elements of a that are in b.
func intersect(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(v string) bool { return !slices.Contains(b, v) })
}

func appendNew[T comparable](s []T, v T) []T {
	if slices.Contains(s, v) {
		return s
	}
	return append(s, v)
}
