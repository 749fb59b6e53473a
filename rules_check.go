package proconnect

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"

	"github.com/caddy-proconnect/caddy-proconnect/internal/near"
)

// fieldNames are the fields of rules, as messages list them.
const fieldNames = "siret, siren, roles, belonging_population, organizational_unit, organization_label, email, idp_id, uid, sub, acr, amr, custom.<path>"

// fieldList are the fields that have a name of their own.
var fieldList = strings.Split(strings.TrimSuffix(fieldNames, ", custom.<path>"), ", ")

// lookupField resolves the name of a claim that may stand in a rule.
func lookupField(name string) (claims.Ref, error) {
	ref, ok := claims.Lookup(name)
	if ok && (ref.Index < 0 || claims.Table[ref.Index].Field) {
		return ref, nil
	}
	if lower := strings.ToLower(name); lower != name {
		if _, err := lookupField(lower); err == nil {
			return claims.Ref{}, fmt.Errorf("unknown field %q: ProConnect's names are lower case: say %s", name, lower)
		}
	}
	if ok {
		return claims.Ref{}, fmt.Errorf("%s is no field of rules: want one of %s", name, fieldNames)
	}
	if meant := near.Word(name, claims.Names()); meant != "" && !slices.Contains(fieldList, meant) {
		return claims.Ref{}, fmt.Errorf("unknown field %q: %s is no field of rules: want one of %s", name, meant, fieldNames)
	}
	return claims.Ref{}, fmt.Errorf("unknown field %q: %swant one of %s", name, near.DidYouMean(name, fieldList), fieldNames)
}

// checkRules says what is wrong with the rules of a gate, without opening files.
func checkRules(rules []Rule) error {
	if err := checkEach(rules); err != nil {
		return err
	}
	if !slices.ContainsFunc(rules, func(r Rule) bool { return r.Effect == effectAllow }) {
		return errors.New("no allow rule: nobody could enter; say who may, as in allow siren 130025265, or allow any for every professional")
	}
	return nil
}

// checkEach says what is wrong with any of some rules, by itself or beside the
// others.
func checkEach(rules []Rule) error {
	seen := make(map[string]int)
	for i, r := range rules {
		if r.Effect != effectAllow && r.Effect != effectDeny {
			return fmt.Errorf("rule %d: effect %q: want allow or deny", i+1, r.Effect)
		}
		if err := checkRule(r); err != nil {
			return fmt.Errorf("rule %d: %w", i+1, err)
		}
		if r.Any && len(rules) > 1 {
			return errors.New("allow any: it stands alone, since it lets every professional in: remove it, or the other rules; to except some, say allow { not … }")
		}
		key := r.key()
		if first, ok := seen[key]; ok {
			return fmt.Errorf("rule %d: it says the same as rule %d (%s): remove one", i+1, first, r)
		}
		seen[key] = i + 1
	}
	return nil
}

// checkRule says what is wrong with one rule, by itself.
func checkRule(r Rule) error {
	name := r.name()
	switch {
	case r.Any && r.Effect == effectDeny:
		return errors.New("deny any: it would refuse everybody, whatever is allowed: remove it")
	case r.Any && len(r.Conditions) > 0:
		return fmt.Errorf("%s any: it takes no conditions: remove any, or the conditions", name)
	case !r.Any && len(r.Conditions) == 0:
		return fmt.Errorf("%s: no conditions: say a field and its values, or any to mean every professional", name)
	}
	seen := make(map[string]bool)
	for _, c := range r.Conditions {
		if err := checkCondition(c); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if key := c.key(); seen[key] {
			return fmt.Errorf("%s: %q is said twice: remove one", name, c.String())
		}
		seen[c.key()] = true
	}
	return nil
}

// name is how the rule begins, for messages.
func (r Rule) name() string {
	if r.Effect == "" {
		return "proconnect"
	}
	return r.Effect
}

// key is the same for two rules that say the same.
func (r Rule) key() string {
	keys := make([]string, len(r.Conditions))
	for i, c := range r.Conditions {
		keys[i] = c.key()
	}
	slices.Sort(keys)
	return r.Effect + "\x00" + strings.Join(keys, "\x00")
}

// checkCondition says what is wrong with a condition, without opening files.
func checkCondition(c Condition) error {
	field, err := lookupField(c.Field)
	if err != nil {
		return err
	}
	switch {
	case c.Absent && len(c.Values)+len(c.From) > 0:
		return fmt.Errorf("%s absent: it takes no values; put quotes around absent if it is one", c.Field)
	case len(c.Values) > 0 && len(c.From) > 0:
		return fmt.Errorf("%s: values or from, not both: put the values into a file, or into a rule of their own", c.Field)
	case !c.Absent && len(c.Values)+len(c.From) == 0:
		return fmt.Errorf("%s: no value: say what it must be, or absent; an unset {$VARIABLE} leaves none", c.Field)
	}
	if err := checkValues(field, c.Values); err != nil {
		return err
	}
	return checkFrom(c)
}

func checkValues(field claims.Ref, values []string) error {
	var seen []string
	for _, v := range values {
		normal, err := checkValue(field, v)
		if err != nil {
			return fmt.Errorf("%s %q: %w", field.Name, v, err)
		}
		if slices.Contains(seen, normal) {
			return fmt.Errorf("%s %q: said twice: remove one", field.Name, v)
		}
		seen = append(seen, normal)
	}
	return nil
}

func checkFrom(c Condition) error {
	for i, path := range c.From {
		if err := checkPath(path); err != nil {
			return fmt.Errorf("%s from %q: %w", c.Field, path, err)
		}
		for _, other := range c.From[:i] {
			if filepath.Clean(other) == filepath.Clean(path) {
				return fmt.Errorf("%s from %q: said twice: remove one", c.Field, path)
			}
		}
	}
	return nil
}

func checkPath(path string) error {
	switch {
	case path == "":
		return errors.New("an empty path")
	case holdsPlaceholder(path):
		return errPlaceholder
	case !filepath.IsAbs(path):
		return errors.New("a relative path would depend on the directory in which Caddy starts: say the whole path, which begins with /")
	}
	return nil
}

// key is the same for two conditions that say the same.
func (c Condition) key() string {
	field, _ := claims.Lookup(c.Field)
	values := make([]string, 0, len(c.Values)+len(c.From))
	for _, v := range c.Values {
		normal, _ := checkValue(field, v)
		values = append(values, "="+normal)
	}
	for _, path := range c.From {
		values = append(values, "<"+filepath.Clean(path))
	}
	slices.Sort(values)
	return fmt.Sprintf("%s %t %t %q", c.Field, c.Not, c.Absent, values)
}
