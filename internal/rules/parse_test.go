package rules

import (
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
)

// parseRules reads rules as they are written in a gate. The Caddyfile's own grammar,
// with its quotes and messages, is the plugin's: here it takes what String writes.
func parseRules(t testing.TB, text string) []Rule {
	t.Helper()
	var list []Rule
	var open *Rule
	for line := range strings.Lines(text) {
		words := splitWords(line)
		switch {
		case len(words) == 0:
		case open != nil && words[0] == "}":
			list, open = append(list, *open), nil
		case open != nil:
			open.Conditions = append(open.Conditions, parseCondition(t, words))
		case words[len(words)-1] == "{":
			open = &Rule{Effect: words[0]}
		case words[1] == WordAny:
			list = append(list, Rule{Effect: words[0], Any: true})
		default:
			list = append(list, Rule{Effect: words[0], Conditions: []Condition{parseCondition(t, words[1:])}})
		}
	}
	if open != nil {
		t.Fatalf("a block without an end: %s", text)
	}
	return list
}

func parseCondition(t testing.TB, words []string) (c Condition) {
	t.Helper()
	if words[0] == WordNot {
		c.Not, words = true, words[1:]
	}
	if words[0] == WordMFA {
		c.Field, c.Values = "acr", MFA
		return c
	}
	c.Field, words = unmarked(words[:1])[0], words[1:]
	switch {
	case len(words) == 0:
		t.Fatalf("%s: no value", c.Field)
	case words[0] == WordAbsent:
		c.Absent = true
	case words[0] == WordFrom:
		c.From = unmarked(words[1:])
	default:
		c.Values = unmarked(words)
	}
	return c
}

// quoted marks a word that stands between quotes: it is no word of the grammar.
const quoted = "\x00"

// splitWords parts a line at its spaces; what is between two quotes is one word.
func splitWords(line string) (words []string) {
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		end, mark := " ", ""
		if quote := line[:1]; quote == `"` || quote == "`" {
			line, end, mark = line[1:], quote, quoted
		}
		word, rest, _ := strings.Cut(line, end)
		words, line = append(words, mark+word), rest
	}
	return words
}

func unmarked(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = strings.TrimPrefix(w, quoted)
	}
	return out
}

func mustClaim(t testing.TB, name string) claims.Ref {
	t.Helper()
	ref, ok := claims.Lookup(name)
	if !ok {
		t.Fatalf("no claim %q", name)
	}
	return ref
}

// noLists reads no file before a rule names one, and tells nobody.
func noLists() *Lists { return NewLists(zap.NewNop(), nil) }
