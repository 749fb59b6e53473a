package rules

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
)

// tableCase is one case of testdata; README.md there tells the format.
type tableCase struct {
	name, rules, requires         string
	asked, claims, expect, reason string
}

func TestRuleTable(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no tables: %v", err)
	}
	total := 0
	for _, path := range paths {
		dir := t.TempDir()
		for _, c := range readTable(t, path, dir) {
			total++
			t.Run(filepath.Base(path)+"/"+c.name, func(t *testing.T) { c.run(t) })
		}
	}
	if total < 80 {
		t.Errorf("%d cases, want 80 at least", total)
	}
}

func (c tableCase) run(t *testing.T) {
	rs, err := Compile(parseRules(t, c.rules), noLists())
	if err != nil {
		t.Fatal(err)
	}
	required := strings.Fields(c.requires)
	if c.requires == WordMFA {
		required = MFA
	}
	asked := rs.Needs()
	if len(required) > 0 {
		asked = appendNew(asked, mustClaim(t, "acr"))
	}
	if c.asked != "" {
		asked = nil
		for name := range strings.FieldsSeq(c.asked) {
			asked = append(asked, mustClaim(t, name))
		}
	}
	id := newTestIdentity(t, asked, c.claims)
	d := rs.Decide(id).RequireACR(id, required)
	if got := d.expectation(); got != c.expect {
		t.Errorf("got %s, want %s", got, c.expect)
	}
	if got := d.Reason(); got != c.reason {
		t.Errorf("reason\n got %s\nwant %s", got, c.reason)
	}
}

// expectation writes a decision as the tables do.
func (d Decision) expectation() string {
	switch d.Outcome {
	case Allow:
		return "allow"
	case Login:
		return "stale"
	case StepUp:
		return "step up to " + strings.Join(d.ACR, " ")
	}
	return "deny"
}

// readTable reads the cases of one file and writes the lists that stand in it to dir.
func readTable(t *testing.T, path, dir string) []tableCase {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var cases []tableCase
	var rules, requires, heading string
	var block *string
	files := make(map[string]*string)
	for n, line := range strings.Split(string(text), "\n") {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		indented := strings.HasPrefix(line, "\t")
		switch {
		case word == "" || !indented && word[0] == '#':
		case !indented && word == "rules":
			rules, requires, block, heading = "", "", &rules, word
		case !indented && word == "file":
			files[rest] = new(string)
			block, heading = files[rest], word
		case !indented && word == "gate":
			requires = strings.TrimPrefix(rest, "requires ")
		case !indented && word == "case":
			heading = word
			cases = append(cases, tableCase{name: rest, rules: strings.ReplaceAll(rules, "DIR", dir), requires: requires})
		case indented && heading == "case":
			*cases[len(cases)-1].field(t, word) = strings.TrimSpace(rest)
		case indented:
			*block += strings.TrimPrefix(line, "\t") + "\n"
		default:
			t.Fatalf("%s:%d: unknown word %q", path, n+1, word)
		}
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(*content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cases
}

func (c *tableCase) field(t *testing.T, word string) *string {
	t.Helper()
	field, ok := map[string]*string{"asked": &c.asked, "claims": &c.claims, "expect": &c.expect, "reason": &c.reason}[word]
	if !ok {
		t.Fatalf("case %s: unknown word %q", c.name, word)
	}
	return field
}

// newTestIdentity makes the identity of a login that asked for some claims.
func newTestIdentity(t testing.TB, asked []claims.Ref, text string) *claims.Set {
	t.Helper()
	var raw map[string]any
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&raw); err != nil {
		t.Fatalf("claims: %v", err)
	}
	claims.Sort(asked)
	return claims.New(asked, raw)
}
