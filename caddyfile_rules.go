package proconnect

import (
	"slices"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-proconnect/caddy-proconnect/internal/near"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// unmarshalRule reads a rule whose first word, allow, deny or the matcher's
// name, is the dispenser's current token:
//
//	allow any
//	allow mfa
//	allow <field> <value...>
//	allow <field> from <file...>
//	allow <field> absent
//	allow {
//		<field> ...
//		not <field> ...
//		mfa
//	}
//
// The matcher's block may also say which client it is of.
func unmarshalRule(d *caddyfile.Dispenser, effect string, client *string) (rules.Rule, error) {
	rule := rules.Rule{Effect: effect}
	name := rule.Name()
	if !d.NextArg() {
		return unmarshalBlock(d, rule, client)
	}
	switch {
	case isWord(d, rules.WordAny):
		if rule.Any = true; d.NextArg() {
			if isWord(d, "}") {
				return rules.Rule{}, braceErr(d, name)
			}
			return rules.Rule{}, d.Errf("%s any: unexpected argument %q: remove it", name, d.Val())
		}
	case isWord(d, rules.WordNot):
		return rules.Rule{}, d.Errf("%s not: it belongs inside a block, one condition a line: %s { not … }", name, name)
	default:
		c, err := unmarshalCondition(d, name)
		if err != nil {
			return rules.Rule{}, err
		}
		rule.Conditions = []rules.Condition{c}
	}
	if opensBlock(d) {
		return rules.Rule{}, d.Errf("%s: a condition or a block, not both: put the condition on a line of the block", name)
	}
	if err := rules.CheckRule(rule); err != nil {
		return rules.Rule{}, d.WrapErr(err)
	}
	return rule, nil
}

// appendRule reads a rule behind those that were read before.
func appendRule(list *[]rules.Rule, d *caddyfile.Dispenser) error {
	rule, err := unmarshalRule(d, d.Val(), nil)
	if err != nil {
		return err
	}
	*list = append(*list, rule)
	return nil
}

// unmarshalBlock reads the lines of a rule's block.
func unmarshalBlock(d *caddyfile.Dispenser, rule rules.Rule, client *string) (rules.Rule, error) {
	name := rule.Name()
	if !opensBlock(d) {
		return rules.Rule{}, d.Errf("%s: nothing after it: say a field and its values, or a block%s", name, orAny(rule, "any"))
	}
	nesting := d.Nesting()
	for d.NextBlock(nesting) {
		if len(rule.Conditions) == 0 && !startsLine(d) {
			return rules.Rule{}, d.Errf("%s: each condition belongs on a line of its own, under the brace", name)
		}
		if client != nil && isWord(d, rules.WordClient) {
			if *client != "" {
				return rules.Rule{}, d.Errf("%s: duplicate option %q: remove one", name, rules.WordClient)
			}
			if err := oneArg(d, rules.WordClient, client); err != nil {
				return rules.Rule{}, err
			}
			continue
		}
		c, err := unmarshalLine(d, name)
		if err != nil {
			return rules.Rule{}, err
		}
		if key := c.Key(); slices.ContainsFunc(rule.Conditions, func(other rules.Condition) bool { return other.Key() == key }) {
			return rules.Rule{}, d.Errf("%s: duplicate condition %q: remove one", name, c.String())
		}
		rule.Conditions = append(rule.Conditions, c)
	}
	if d.Nesting() != nesting {
		return rules.Rule{}, d.EOFErr()
	}
	if len(rule.Conditions) == 0 {
		return rules.Rule{}, d.Errf("%s: an empty block: say a field and its values%s", name, orAny(rule, name+" any"))
	}
	return rule, nil
}

// orAny proposes to mean everybody, which no deny may.
func orAny(rule rules.Rule, how string) string {
	if rule.Effect == rules.EffectDeny {
		return ""
	}
	return ", or " + how + " to mean every professional"
}

// unmarshalLine reads one line of a block.
func unmarshalLine(d *caddyfile.Dispenser, name string) (rules.Condition, error) {
	not := isWord(d, rules.WordNot)
	if not && !d.NextArg() {
		return rules.Condition{}, d.Errf("%s: not: say a field and its values after it", name)
	}
	switch {
	case not && isWord(d, rules.WordNot):
		return rules.Condition{}, d.Errf("%s: not not: say it once, or not at all", name)
	case isWord(d, rules.WordAny):
		return rules.Condition{}, d.Errf("%s: any does not belong in a block: say %s any", name, name)
	case isWord(d, rules.EffectAllow), isWord(d, rules.EffectDeny), isWord(d, "{"):
		return rules.Condition{}, d.Errf("%s: no rule within a rule: every line of a block is a condition", name)
	}
	c, err := unmarshalCondition(d, name)
	if err != nil {
		return rules.Condition{}, err
	}
	if opensBlock(d) {
		return rules.Condition{}, d.Errf("%s: %s: no block within a block", name, c.Field)
	}
	c.Not = not
	return c, nil
}

// unmarshalCondition reads a condition whose field, or mfa, is the current token.
func unmarshalCondition(d *caddyfile.Dispenser, name string) (rules.Condition, error) {
	if isWord(d, rules.WordMFA) {
		if d.NextArg() {
			if isWord(d, "}") {
				return rules.Condition{}, braceErr(d, name)
			}
			return rules.Condition{}, d.Errf("%s mfa: it takes no values, got %q: say acr to name levels", name, d.Val())
		}
		return rules.Condition{Field: "acr", Values: slices.Clone(rules.MFA)}, nil
	}
	c := rules.Condition{Field: d.Val()}
	if _, err := rules.LookupField(c.Field); err != nil {
		return rules.Condition{}, unknownField(d, name, err)
	}
	to := &c.Values
	for first := true; d.NextArg(); first = false {
		switch {
		case isWord(d, "}"):
			return rules.Condition{}, braceErr(d, name)
		case first && isWord(d, rules.WordFrom):
			to = &c.From
			continue
		case first && isWord(d, rules.WordAbsent):
			c.Absent = true
			continue
		case isWord(d, rules.WordFrom) && to == &c.Values && pathFollows(d):
			return rules.Condition{}, d.Errf("%s: %s: values or from, not both: put the values into the file, or into a rule of their own", name, c.Field)
		case to == &c.Values && !d.Token().Quoted() && d.Val() != rules.WordFrom && rules.Reserved(d.Val()):
			return rules.Condition{}, notAValue(d, name, c.Field)
		}
		*to = append(*to, d.Val())
	}
	if to == &c.From && len(c.From) == 0 {
		return rules.Condition{}, d.Errf("%s: %s from: say which file; put quotes around from if it is a value", name, c.Field)
	}
	if err := rules.CheckCondition(c); err != nil {
		return rules.Condition{}, d.Errf("%s: %w", name, err)
	}
	return c, nil
}

// unknownField says what is wrong with a word where a field belongs.
func unknownField(d *caddyfile.Dispenser, name string, err error) error {
	word := d.Val()
	if near.Word(word, rules.Fields) == "" && startsLine(d) {
		if missing := behindBlock(word, name, gateBlock().names(), caddyDirectives); missing != "" {
			return d.Err(missing)
		}
	}
	return d.Errf("%s: %w", name, err)
}

// notAValue refuses a word of the grammar where a value belongs. Taken for one, it
// would swallow the condition that was meant.
func notAValue(d *caddyfile.Dispenser, name, field string) error {
	word := d.Val()
	switch {
	case field == "acr" && word == rules.WordMFA:
		return d.Errf("%s: mfa is not a level but several: say %s mfa, without acr", name, name)
	case word == rules.WordAbsent:
		return d.Errf("%s: %s: absent belongs right after the field, without values; put quotes around it if it is a value", name, field)
	}
	return d.Errf("%s: %s: %q is no value: put several conditions in a block, one a line: %s { … }; put quotes around it if it is a value", name, field, word, name)
}

// isWord says whether the current token is a word of the grammar: one in quotes
// is a value.
func isWord(d *caddyfile.Dispenser, word string) bool {
	return d.Val() == word && !d.Token().Quoted()
}

// opensBlock says whether a block opens behind the current token, on its line.
// It moves nothing.
func opensBlock(d *caddyfile.Dispenser) bool {
	if d.NextLine() {
		d.Prev()
		return false
	}
	if !d.Next() {
		return false
	}
	brace := isWord(d, "{")
	d.Prev()
	return brace
}

// startsLine says whether the current token is the first of its line.
func startsLine(d *caddyfile.Dispenser) bool {
	d.Prev()
	if d.NextLine() {
		return true
	}
	d.Next()
	return false
}

// pathFollows says whether the next token on this line looks like a file's name.
func pathFollows(d *caddyfile.Dispenser) bool {
	if !d.NextArg() {
		return false
	}
	path := rules.CheckPath(d.Val()) == nil
	d.Prev()
	return path
}
