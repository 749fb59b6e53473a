package rules

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
)

// What the Caddyfile's grammar cannot say, JSON can.
func TestCompileRulesJSON(t *testing.T) {
	for _, c := range []struct{ name, rules, want string }{
		{"no rules", `[]`, "no allow rule: nobody could enter; say who may, as in allow siren 130025265, or allow any for every professional"},
		{"no effect", `[{"any":true}]`, `rule 1: effect "": want allow or deny`},
		{"another effect", `[{"effect":"permit","any":true}]`, `rule 1: effect "permit": want allow or deny`},
		// The zero rule must not be the one that lets everybody in.
		{"no conditions", `[{"effect":"allow"}]`, "rule 1: allow: no conditions: say a field and its values, or any to mean every professional"},
		{"any with conditions", `[{"effect":"allow","any":true,"conditions":[{"field":"roles","values":["a"]}]}]`, "rule 1: allow any: it takes no conditions: remove any, or the conditions"},
		{"no values", `[{"effect":"allow","conditions":[{"field":"roles"}]}]`, "rule 1: allow: roles: no value: say what it must be, or absent; an unset {$VARIABLE} leaves none"},
		{"absent with values", `[{"effect":"allow","conditions":[{"field":"roles","absent":true,"values":["a"]}]}]`, "rule 1: allow: roles absent: it takes no values; put quotes around absent if it is one"},
		{"values and from", `[{"effect":"allow","conditions":[{"field":"roles","values":["a"],"from":["/x"]}]}]`, "rule 1: allow: roles: values or from, not both: put the values into a file, or into a rule of their own"},
		{"a relative path", `[{"effect":"allow","conditions":[{"field":"roles","from":["x"]}]}]`, `rule 1: allow: roles from "x": a relative path would depend on the directory in which Caddy starts: say the whole path, which begins with /`},
		{"a condition twice", `[{"effect":"allow","conditions":[{"field":"roles","values":["a","b"]},{"field":"roles","values":["B","a"]}]}]`, `rule 1: allow: duplicate condition "roles B a": remove one`},
		{"a placeholder", `[{"effect":"allow","conditions":[{"field":"roles","values":["{env.X}"]}]}]`, `rule 1: allow: roles "{env.X}": no placeholders in rules, which are read once: say {$VAR} to take a variable of the environment`},
		{"mfa is a word of the Caddyfile", `[{"effect":"allow","conditions":[{"field":"mfa"}]}]`, `rule 1: allow: unknown field "mfa": want one of ` + fieldNames},
		{"a very long value", `[{"effect":"allow","conditions":[{"field":"uid","values":["` + strings.Repeat("a", 257) + `"]}]}]`, `rule 1: allow: uid "` + strings.Repeat("a", 257) + `": it can match nobody: values are kept up to 256 characters`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var rules []Rule
			if err := json.Unmarshal([]byte(c.rules), &rules); err != nil {
				t.Fatal(err)
			}
			if _, err := Compile(rules, noLists()); err == nil || err.Error() != c.want {
				t.Errorf("\n got %v\nwant %s", err, c.want)
			}
		})
	}
	if _, err := CompileMatcher(Rule{Effect: "deny", Any: true}, noLists()); err == nil {
		t.Error("a matcher with an effect")
	}
	if _, err := CompileMatcher(Rule{}, noLists()); err == nil {
		t.Error("a matcher without conditions")
	}
}

func TestRuleJSON(t *testing.T) {
	rules := parseRules(t, "allow any\nallow {\n siren 130025265\n not roles absent\n}\ndeny siret from /x")
	got, err := json.Marshal(rules)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"effect":"allow","any":true},` +
		`{"effect":"allow","conditions":[{"field":"siren","values":["130025265"]},{"field":"roles","not":true,"absent":true}]},` +
		`{"effect":"deny","conditions":[{"field":"siret","from":["/x"]}]}]`
	if string(got) != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// The case: "`allow siren X` and `allow mfa` side by side, `sub` without `idp_id`, siret
// or siren".
func TestRuleWarnings(t *testing.T) {
	for text, want := range map[string]string{
		"allow email *@gouv.fr":                                                             "rule 1 (allow email): an email proves only that some identity provider said so: add a line with idp_id, siret or siren",
		"allow {\n email *@gouv.fr\n siren 130025265\n}":                                    "",
		"allow {\n email *@gouv.fr\n not siren 130025265\n}":                                "rule 1 (allow email not siren): an email proves only that some identity provider said so: add a line with idp_id, siret or siren",
		"allow {\n email *@gouv.fr\n siret absent\n}":                                       "rule 1 (allow email siret): an email proves only that some identity provider said so: add a line with idp_id, siret or siren",
		"allow roles agent_public\ndeny email *@example.org":                                "",
		"allow siren 130025265\ndeny roles agent_publik":                                    "rule 2 (deny roles): ProConnect gives nobody the role agent_publik: want one of agent_public, agent_public_etat, agent_public_territorial",
		"allow {\n not roles \"Agent_Public\" agent_*\n}":                                   "",
		"allow roles agent_publique agent_public":                                           "rule 1 (allow roles): ProConnect gives nobody the role agent_publique: want one of agent_public, agent_public_etat, agent_public_territorial",
		"allow {\n acr eidas1\n acr eidas3\n}":                                              "rule 1 (allow acr acr): no login has all these levels at once: put them on one line to accept any of them",
		"allow {\n acr eidas1 eidas3\n acr eidas3 eidas2\n}":                                "",
		"allow {\n email absent\n roles agent_public_etat\n}":                               "",
		"allow {\n siren 130025265\n siren 219200235\n}":                                    "rule 1 (allow siren siren): nobody has both: put the values of siren on one line to accept any of them",
		"allow {\n siren 130025265 219200235\n siren 219200235 110020013\n}":                "",
		"allow {\n siren 130025265\n not siren 219200235\n}":                                "",
		"allow {\n not idp_id 71144ab3-ee1a-4401-b7b3-79b44f7daee\n}":                       "rule 1 (allow not idp_id): the idp_id 71144ab3-ee1a-4401-b7b3-79b44f7daee is none of ProConnect's, which are such as 71144ab3-ee1a-4401-b7b3-79b44f7daeeb: is it whole?",
		"allow {\n roles agent_public\n not belonging_population Prestataire stagiaires\n}": "rule 1 (allow roles not belonging_population): the population stagiaires is none that ProConnect names (agent, prestataire, partenaire, stagiaire, fonctionnaire, contractuel): if it is mistyped, it keeps nobody out",
		"allow roles agent_public\ndeny belonging_population interim":                       "rule 2 (deny belonging_population): the population interim is none that ProConnect names (agent, prestataire, partenaire, stagiaire, fonctionnaire, contractuel): if it is mistyped, it keeps nobody out",
		"allow belonging_population interim":                                                "",
	} {
		rs, err := Compile(parseRules(t, text), noLists())
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(rs.Warnings, "|"); got != want {
			t.Errorf("%s:\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestRuleSetNeeds(t *testing.T) {
	rs, err := Compile(parseRules(t, "allow siren 130025265\nallow {\n roles a\n custom.x.y b\n}\ndeny roles c"), noLists())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, ref := range rs.Needs() {
		names = append(names, ref.Name)
	}
	if got, want := strings.Join(names, " "), "siret siren roles custom.x.y"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Rules on one file share one list, and a change of it acts on the next decision.
func TestRulesFollowTheirLists(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list.txt")
	written := time.Now().Add(-time.Hour) // nobody is writing any more
	list := func(content string) {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		written = written.Add(time.Minute)
		if err := os.Chtimes(path, written, written); err != nil {
			t.Fatal(err)
		}
	}
	list("13002526500013\n")
	pool := noLists()
	rs, err := Compile(parseRules(t, "allow siret from "+path+"\nallow {\n siret from "+path+"\n roles a\n}"), pool)
	if err != nil {
		t.Fatal(err)
	}
	if len(pool.lists) != 1 {
		t.Fatalf("one file is open as %d lists", len(pool.lists))
	}
	id := newTestIdentity(t, rs.Needs(), `{"siret": "13002526500013"}`)
	if d := rs.Decide(id); d.Outcome != Allow {
		t.Error(d.Reason())
	}
	list("21920023500014\n")
	for range 2 {
		for _, l := range pool.lists {
			if _, err := l.Refresh(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if d := rs.Decide(id); d.Outcome != Deny {
		t.Error(d.Reason())
	}
}

// A decision that nobody took refuses.
func TestZeroDecisionDenies(t *testing.T) {
	if d := (Decision{}); d.Outcome != Deny || !strings.HasPrefix(d.Reason(), "no rule matched") {
		t.Error(d.Reason())
	}
}

// A reason is bounded, whatever the number of rules, and tells neither what
// the rules hold nor what the person is.
func TestReasonIsBounded(t *testing.T) {
	var text strings.Builder
	for i := range 100 {
		text.WriteString("allow {\n uid secret" + strings.Repeat("x", i) + "\n roles b\n}\n")
	}
	rs, err := Compile(parseRules(t, text.String()), noLists())
	if err != nil {
		t.Fatal(err)
	}
	got := rs.Decide(newTestIdentity(t, rs.Needs(), `{"uid": "personal"}`)).Reason()
	if len(got) > maxReason+50 || !strings.HasSuffix(got, "; …") || strings.ContainsAny(got, "\n") {
		t.Errorf("%d bytes: %s", len(got), got)
	}
	if strings.Contains(got, "secret") || strings.Contains(got, "personal") {
		t.Error(got)
	}
}

func TestDecisionNamesItsRules(t *testing.T) {
	rs, err := Compile(parseRules(t, "allow siren 130025265\ndeny roles c d"), noLists())
	if err != nil {
		t.Fatal(err)
	}
	for claims, want := range map[string]string{
		`{"siret": "13002526500013", "roles": ["a"]}`: "rule 1: allow siren",
		`{"siret": "13002526500013", "roles": ["c"]}`: "rule 2: deny roles",
		`{"siret": "21920023500014", "roles": ["a"]}`: "rule 1: allow siren",
		`{"siret": "13002526500013", "roles": []}`:    "rule 2: deny roles",
	} {
		texts := rs.Outlines(rs.Decide(newTestIdentity(t, rs.Needs(), claims)))
		if len(texts) != 1 || texts[0] != want {
			t.Errorf("%s: got %q, want %q", claims, texts, want)
		}
	}
}

func TestMatchGlob(t *testing.T) {
	for _, c := range []struct {
		glob, s string
		want    bool
	}{
		{"*", "", true},
		{"", "", true},
		{"", "a", false},
		{"a*", "a", true},
		{"a*", "ba", false},
		{"*a", "ba", true},
		{"*a*b*", "xxaxxbxx", true},
		{"*a*b*", "xxbxxaxx", false},
		{"a*a", "a", false},
		{"*aab", "aaaab", true},
		{"é*é", "éxé", true},
		{"?", "a", false},
		{strings.Repeat("*a", 100), strings.Repeat("a", 255) + "b", false},
	} {
		if got := matchGlob(c.glob, c.s); got != c.want {
			t.Errorf("%q on %q: %t", c.glob, c.s, got)
		}
	}
}

// A deny looks at every SIREN, as it does at every SIRET.
func TestEverySIREN(t *testing.T) {
	rs := mustCompile(t, parseRules(t, "allow siret 13002526500013\ndeny siren 219200235"))
	asked := rs.Needs()
	claims.Sort(asked)
	id := claims.New(asked, map[string]any{"siret": []any{"13002526500013", "21920023500014"}})
	if d := rs.Decide(id); d.Outcome == Allow {
		t.Error("let in, though the second SIRET is of a SIREN that is denied")
	}
}

// A list may change between a verdict and the telling of its grounds: the refusal
// stands, and is told in general words.
func TestDenialWithoutGrounds(t *testing.T) {
	rs := mustCompile(t, parseRules(t, "deny siren 130025265\nallow roles a"))
	d := Decision{Outcome: Deny, By: &rs.Rules[0]}
	if got := d.Reason(); got != "rule 1 denies" {
		t.Errorf("got %q", got)
	}
}
