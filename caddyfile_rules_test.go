package proconnect

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

func TestUnmarshalRule(t *testing.T) {
	mfa := rules.Condition{Field: "acr", Values: rules.MFA}
	for _, c := range []struct {
		text string
		want rules.Rule
		back string // as String writes it, where that is not text
	}{
		{text: "allow any", want: rules.Rule{Effect: "allow", Any: true}},
		{text: "allow siren 130025265", want: rules.Rule{Effect: "allow", Conditions: []rules.Condition{{Field: "siren", Values: []string{"130025265"}}}}},
		{text: "deny roles a b", want: rules.Rule{Effect: "deny", Conditions: []rules.Condition{{Field: "roles", Values: []string{"a", "b"}}}}},
		{text: "allow mfa", want: rules.Rule{Effect: "allow", Conditions: []rules.Condition{mfa}}},
		{text: "allow roles absent", want: rules.Rule{Effect: "allow", Conditions: []rules.Condition{{Field: "roles", Absent: true}}}},
		{text: `allow roles "absent"`, want: rules.Rule{Effect: "allow", Conditions: []rules.Condition{{Field: "roles", Values: []string{"absent"}}}}},
		{text: `allow roles "from" /x`, want: rules.Rule{Effect: "allow", Conditions: []rules.Condition{{Field: "roles", Values: []string{"from", "/x"}}}}},
		{text: "allow roles x from y", want: rules.Rule{Effect: "allow", Conditions: []rules.Condition{{Field: "roles", Values: []string{"x", "from", "y"}}}}},
		{text: "allow siret from /a /b", want: rules.Rule{Effect: "allow", Conditions: []rules.Condition{{Field: "siret", From: []string{"/a", "/b"}}}}},
		{
			text: `allow siret "130 025 265 00013"`,
			want: rules.Rule{Effect: "allow", Conditions: []rules.Condition{{Field: "siret", Values: []string{"130 025 265 00013"}}}},
			back: "allow siret 13002526500013",
		},
		{
			text: "allow {\n organizational_unit `Le \"B\"` \"a b\"\n not siret from /a\n not mfa\n}",
			want: rules.Rule{Effect: "allow", Conditions: []rules.Condition{
				{Field: "organizational_unit", Values: []string{`Le "B"`, "a b"}},
				{Field: "siret", From: []string{"/a"}, Not: true},
				{Field: "acr", Values: rules.MFA, Not: true},
			}},
			back: "allow { organizational_unit `Le \"B\"` \"a b\"; not siret from /a; not mfa }",
		},
		{
			text: "deny {\n not roles a\n}",
			want: rules.Rule{Effect: "deny", Conditions: []rules.Condition{{Field: "roles", Values: []string{"a"}, Not: true}}},
			back: "deny { not roles a }",
		},
	} {
		t.Run(c.text, func(t *testing.T) {
			rules := parseRules(t, c.text)
			if len(rules) != 1 || !reflect.DeepEqual(rules[0], c.want) {
				t.Errorf("got %+v, want %+v", rules, c.want)
			}
			if back := rules[0].String(); c.back == "" && back != c.text || c.back != "" && back != c.back {
				t.Errorf("written back: %s", back)
			}
		})
	}
}

// The dispenser is left so that the gate's loop goes on with the next subdirective.
func TestUnmarshalRuleLeavesTheNextLine(t *testing.T) {
	d := caddyfile.NewTestDispenser("gate {\n allow {\n  roles a\n  mfa\n }\n login auto\n deny roles b\n allow any\n errors caddy\n}\nnext")
	var words []string
	d.Next()
	for d.NextBlock(0) {
		switch word := d.Val(); word {
		case rules.EffectAllow, rules.EffectDeny:
			if _, err := unmarshalRule(d, word, nil); err != nil {
				t.Fatal(err)
			}
			words = append(words, word)
		default:
			words = append(words, word+" "+strings.Join(d.RemainingArgs(), " "))
		}
	}
	d.Next()
	want := "allow, login auto, deny, allow, errors caddy; next"
	if got := strings.Join(words, ", ") + "; " + d.Val(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A matcher's rule stands on one line after its name, or in a block.
func TestUnmarshalMatcherRule(t *testing.T) {
	for text, want := range map[string]string{
		"proconnect organizational_unit DRH":          "organizational_unit DRH",
		"proconnect any":                              "any",
		"proconnect {\n roles a\n not uid b\n}":       "{ roles a; not uid b }",
		"proconnect {\n not organizational_unit x\n}": "{ not organizational_unit x }",
	} {
		d := caddyfile.NewTestDispenser(text)
		d.Next()
		rule, err := unmarshalRule(d, "", nil)
		if err != nil || rule.String() != want {
			t.Errorf("%s: got %s, %v", text, rule, err)
		}
		if _, err := rules.CompileMatcher(rule, noLists()); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestRuleErrors pins every text that a person who writes rules can meet.
// testdata/rule-errors.txt holds, between lines of dashes, the rules and the error.
//
// The case: "unknown word, empty block or bad value in a rule, missing or unreadable list
// file".
func TestRuleErrors(t *testing.T) {
	const path = "testdata/rule-errors.txt"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string]string{"zero.txt": "", "latin1.txt": "Cr\xe9teil\n", "good.txt": "x\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for entry := range strings.SplitSeq(string(text), "\n----------\n") {
		rules, want, ok := strings.Cut(strings.TrimSpace(entry), "\n=> ")
		if !ok {
			t.Fatalf("%s: no => in %q", path, entry)
		}
		t.Run(rules, func(t *testing.T) {
			err := rulesError(strings.ReplaceAll(rules, "DIR", dir))
			if got := strings.ReplaceAll(err, dir, "DIR"); got != strings.TrimSpace(want) {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

func rulesError(text string) string {
	list, err := tryParseRules(text)
	if err == nil {
		_, err = rules.Compile(list, noLists())
	}
	if err == nil {
		return "no error"
	}
	return err.Error()
}
