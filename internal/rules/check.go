package rules

import (
	"cmp"
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

// Fields are the fields that have a name of their own.
var Fields = strings.Split(strings.TrimSuffix(fieldNames, ", custom.<path>"), ", ")

// LookupField resolves the name of a claim that may be the field of a rule.
func LookupField(name string) (claims.Ref, error) {
	ref, ok := claims.Lookup(name)
	if ok && (ref.Index < 0 || claims.Table[ref.Index].Field) {
		return ref, nil
	}
	if lower := strings.ToLower(name); lower != name {
		if _, err := LookupField(lower); err == nil {
			return claims.Ref{}, fmt.Errorf("unknown field %q: ProConnect's names are lower case: say %s", name, lower)
		}
	}
	if ok {
		return claims.Ref{}, fmt.Errorf("%s is no field of rules: want one of %s", name, fieldNames)
	}
	if meant := near.Word(name, claims.Names()); meant != "" && !slices.Contains(Fields, meant) {
		return claims.Ref{}, fmt.Errorf("unknown field %q: %s is no field of rules: want one of %s", name, meant, fieldNames)
	}
	return claims.Ref{}, fmt.Errorf("unknown field %q: %swant one of %s", name, near.DidYouMean(name, Fields), fieldNames)
}

// Check says what is wrong with the rules of a gate, without opening files.
func Check(rules []Rule) error {
	if err := CheckEach(rules); err != nil {
		return err
	}
	if !slices.ContainsFunc(rules, func(r Rule) bool { return r.Effect == EffectAllow }) {
		return errors.New("no allow rule: nobody could enter; say who may, as in allow siren 130025265, or allow any for every professional")
	}
	return nil
}

// CheckEach says what is wrong with any of some rules, by itself or beside the
// others.
func CheckEach(rules []Rule) error {
	seen := make(map[string]int)
	for i, r := range rules {
		if r.Effect != EffectAllow && r.Effect != EffectDeny {
			return fmt.Errorf("rule %d: effect %q: want allow or deny", i+1, r.Effect)
		}
		if err := CheckRule(r); err != nil {
			return fmt.Errorf("rule %d: %w", i+1, err)
		}
		if r.Any && countAllows(rules) > 1 {
			return errors.New("allow any: it must be the only allow, since it lets every professional in: remove it, or the others; to keep some out, say deny")
		}
		key := r.Key()
		if first, ok := seen[key]; ok {
			return fmt.Errorf("rule %d: it says the same as rule %d (%s): remove one", i+1, first, r)
		}
		seen[key] = i + 1
	}
	return nil
}

func countAllows(rules []Rule) (n int) {
	for _, r := range rules {
		if r.Effect == EffectAllow {
			n++
		}
	}
	return n
}

// CheckRule says what is wrong with one rule, by itself.
func CheckRule(r Rule) error {
	name := r.Name()
	switch {
	case r.Any && r.Effect == EffectDeny:
		return errors.New("deny any: it would refuse everybody, whatever is allowed: remove it")
	case r.Any && len(r.Conditions) > 0:
		return fmt.Errorf("%s any: it takes no conditions: remove any, or the conditions", name)
	case !r.Any && len(r.Conditions) == 0:
		return fmt.Errorf("%s: no conditions: say a field and its values, or any to mean every professional", name)
	}
	seen := make(map[string]bool)
	for _, c := range r.Conditions {
		if err := CheckCondition(c); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if key := c.Key(); seen[key] {
			return fmt.Errorf("%s: duplicate condition %q: remove one", name, c.String())
		}
		seen[c.Key()] = true
	}
	return nil
}

// Name is how the rule begins, for messages.
func (r Rule) Name() string { return cmp.Or(r.Effect, "proconnect") }

// Key is the same for two rules that say the same.
func (r Rule) Key() string {
	keys := make([]string, len(r.Conditions))
	for i, c := range r.Conditions {
		keys[i] = c.Key()
	}
	slices.Sort(keys)
	return r.Effect + "\x00" + strings.Join(keys, "\x00")
}

// CheckCondition says what is wrong with a condition, without opening files.
func CheckCondition(c Condition) error {
	field, err := LookupField(c.Field)
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
			return fmt.Errorf("%s: duplicate value %q: remove one", field.Name, v)
		}
		seen = append(seen, normal)
	}
	return nil
}

func checkFrom(c Condition) error {
	for i, path := range c.From {
		if err := CheckPath(path); err != nil {
			return fmt.Errorf("%s from %q: %w", c.Field, path, err)
		}
		for _, other := range c.From[:i] {
			if filepath.Clean(other) == filepath.Clean(path) {
				return fmt.Errorf("%s from: duplicate file %q: remove one", c.Field, path)
			}
		}
	}
	return nil
}

// CheckPath says what is wrong with the name of a file in the configuration.
func CheckPath(path string) error {
	switch {
	case path == "":
		return errors.New("an empty path")
	case HoldsPlaceholder(path):
		return errPlaceholder
	case !filepath.IsAbs(path):
		return errors.New("a relative path would depend on the directory in which Caddy starts: say the whole path, which begins with /")
	}
	return nil
}

// Key is the same for two conditions that say the same.
func (c Condition) Key() string {
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
