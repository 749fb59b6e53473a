package proconnect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// No text makes the parser panic, a rule that it accepts compiles but for its
// files, and what String writes means the same.
func FuzzUnmarshalRule(f *testing.F) {
	for _, s := range []string{
		"allow any", "allow siren 130025265", "deny {\n not roles a\n mfa\n}", "allow siret from /a", "allow {\n", "allow { }", "allow \"", "allow roles {",
		"allow organizational_unit `a \"b\"` \"c\\d\"", "deny custom.a.b absent", "allow roles <<X\na\nX", "allow roles a\\\n b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tokens, err := caddyfile.Tokenize([]byte(text), "Caddyfile")
		if err != nil || len(tokens) == 0 {
			return
		}
		d := caddyfile.NewDispenser(tokens)
		d.Next()
		rule, err := unmarshalRule(d, rules.EffectAllow, nil)
		if err != nil {
			return
		}
		if err := rules.CheckRule(rule); err != nil {
			t.Fatalf("%s: %v", rule, err)
		}
		if strings.ContainsAny(text, "`\\") {
			return // not every mixture of quotes can be written back
		}
		again := "allow {\n" + strings.Join(rule.Lines(), "\n") + "\n}"
		if rule.Any {
			again = rule.String()
		}
		rules, err := tryParseRules(again)
		if err != nil || len(rules) != 1 || rules[0].Key() != rule.Key() {
			t.Fatalf("%q is written back as %q: %v", text, again, err)
		}
	})
}

// parseRules reads rules as they stand in a gate.
func parseRules(t testing.TB, text string) []rules.Rule {
	t.Helper()
	rules, err := tryParseRules(text)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func tryParseRules(text string) ([]rules.Rule, error) {
	tokens, err := caddyfile.Tokenize([]byte("gate {\n"+text+"\n}\n"), "Caddyfile")
	if err != nil {
		return nil, err
	}
	d := caddyfile.NewDispenser(tokens)
	var list []rules.Rule
	d.Next()
	for d.NextBlock(0) {
		switch d.Val() {
		case rules.EffectAllow, rules.EffectDeny:
			rule, err := unmarshalRule(d, d.Val(), nil)
			if err != nil {
				return nil, err
			}
			list = append(list, rule)
		default:
			return nil, fmt.Errorf("unrecognized subdirective %q", d.Val())
		}
	}
	return list, nil
}

func mustCompileRules(t testing.TB, list []rules.Rule) *rules.Set {
	t.Helper()
	rs, err := rules.Compile(list, noLists())
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

// noLists reads no file before a rule names one, and tells nobody.
func noLists() *rules.Lists { return rules.NewLists(zap.NewNop(), nil) }
