package rules

import (
	"fmt"
	"slices"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/listfile"
)

// Set is the rules of a gate, or the one rule of a matcher, ready to decide.
type Set struct {
	Rules []Compiled   // in the order of the configuration
	reads []claims.Ref // the claims that the conditions compare

	// warnings are what an operator should know and may want.
	Warnings []string
}

// Compiled is a rule, ready to be evaluated.
type Compiled struct {
	Position   int    // from 1
	name       string // how it begins
	deny       bool
	Conditions []Criterion // none: every professional
}

// Criterion is a condition, ready to be evaluated.
type Criterion struct {
	Field   claims.Ref
	compare comparison
	Not     bool
	Absent  bool
	literal *listfile.Set // nil: the values are in lists
	lists   []*listfile.List
	// StepUp: another login of the same person may make the condition true.
	StepUp bool
}

// Compile checks the rules of a gate and makes them ready. It opens their
// lists through pool.
func Compile(rules []Rule, pool *Lists) (*Set, error) {
	if err := Check(rules); err != nil {
		return nil, err
	}
	return compileUnchecked(rules, pool)
}

// CompileMatcher does the same for the one rule of a request matcher, which has no
// effect.
func CompileMatcher(rule Rule, pool *Lists) (*Set, error) {
	if err := CheckRule(rule); err != nil {
		return nil, err
	}
	return compileUnchecked([]Rule{rule}, pool)
}

func compileUnchecked(rules []Rule, pool *Lists) (*Set, error) {
	rs := new(Set)
	for i, r := range rules {
		c := Compiled{Position: i + 1, name: r.Name(), deny: r.Effect == EffectDeny}
		for _, cond := range r.Conditions {
			compiled, err := compileCondition(cond, useOf(r.Effect, cond.Not), pool)
			if err != nil {
				return nil, fmt.Errorf("rule %d: %w", i+1, err)
			}
			c.Conditions = append(c.Conditions, compiled)
			rs.reads = appendNew(rs.reads, compiled.Field)
		}
		rs.Rules = append(rs.Rules, c)
		rs.Warnings = append(rs.Warnings, warnings(i+1, r, c)...)
	}
	rs.Warnings = append(rs.Warnings, warnBeside(rs.Rules)...)
	return rs, nil
}

func compileCondition(c Condition, use Use, pool *Lists) (Criterion, error) {
	field, _ := claims.Lookup(c.Field)
	compare, format := compared(field)
	compiled := Criterion{
		Field: field, compare: compare, Not: c.Not, Absent: c.Absent,
		StepUp: c.Field == claims.RefOf(claims.ACR).Name && !c.Not && !c.Absent,
	}
	for _, path := range c.From {
		l, err := pool.Open(use, path, format)
		if err != nil {
			return Criterion{}, fmt.Errorf("%s from %w", c.Field, err)
		}
		compiled.lists = append(compiled.lists, l)
	}
	if len(c.Values) > 0 {
		literal, err := listfile.Of(format, c.Values)
		if err != nil {
			return Criterion{}, fmt.Errorf("%s: %w", c.Field, err)
		}
		compiled.literal = literal
	}
	return compiled, nil
}

// Levels returns the Levels of assurance any of which satisfies all of the rule's
// conditions on acr at once; none if it has no such condition.
func (r *Compiled) Levels() []string {
	var levels []string
	for _, level := range KnownACR {
		asked, will := false, true
		for i := range r.Conditions {
			if c := &r.Conditions[i]; c.StepUp {
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
func (r *Compiled) needsLevel() bool {
	return slices.ContainsFunc(r.Conditions, func(c Criterion) bool { return c.StepUp })
}

// RequiredLevels returns the levels that satisfy one allow rule or another; every
// says that no allow rule does without.
func (rs *Set) RequiredLevels() (levels []string, every bool) {
	for i := range rs.Rules {
		r := &rs.Rules[i]
		if r.deny {
			continue
		}
		if !r.needsLevel() {
			return nil, false
		}
		levels = append(levels, r.Levels()...)
	}
	return Intersect(KnownACR, levels), true
}

// Unites says whether the levels that some of the allow rules need, as far as they
// are within, are together just these levels.
func (rs *Set) Unites(levels, within []string) bool {
	var united []string
	for i := range rs.Rules {
		r := &rs.Rules[i]
		if r.deny {
			continue
		}
		if needed := Intersect(r.Levels(), within); len(Intersect(needed, levels)) == len(needed) {
			united = append(united, needed...)
		}
	}
	united = Intersect(KnownACR, united)
	return len(united) > 0 && SameLevels(united, levels)
}

// SameLevels says whether two lists have the same levels: ProConnect compares them
// as sets.
func SameLevels(a, b []string) bool {
	return len(a) == len(b) && len(Intersect(a, b)) == len(a)
}

// Intersect returns the elements of a that are in b.
func Intersect(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(v string) bool { return !slices.Contains(b, v) })
}

func appendNew[T comparable](s []T, v T) []T {
	if slices.Contains(s, v) {
		return s
	}
	return append(s, v)
}
