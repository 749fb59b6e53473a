package rules

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/listfile"
)

// A glob means what the same regular expression means, and an email pattern
// never reaches across the @.
func FuzzGlob(f *testing.F) {
	for _, s := range [][2]string{{"*@*.gouv.fr", "a@b.gouv.fr"}, {"a*b", "aXb"}, {"*a*a*", "aaaa"}, {"*@x.fr", "a@evil.org@x.fr"}, {"**", "é"}, {"*@*.x.fr", "a@evil.org@b.x.fr"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, glob, s string) {
		if !utf8.ValidString(glob) || !utf8.ValidString(s) {
			_ = matchGlob(glob, s) // must end
			return
		}
		re := regexp.MustCompile(`(?s)\A` + strings.ReplaceAll(regexp.QuoteMeta(glob), `\*`, `.*`) + `\z`)
		if got := matchGlob(glob, s); got != re.MatchString(string(listfile.AppendFold(nil, s))) {
			t.Fatalf("%q on %q: %t", glob, s, got)
		}
		pattern, err := parseEmail(glob)
		if err != nil || !matchEmail(pattern, s) {
			return
		}
		local, domain, _ := strings.Cut(pattern, "@")
		name, host, _ := strings.Cut(s, "@")
		if strings.Contains(host, "@") || !matchGlob(local, name) || !matchGlob(domain, host) {
			t.Fatalf("%q takes %q", pattern, s)
		}
		// What follows the last * of the domain, with its dot, ends the host.
		if suffix := domain[strings.LastIndex(domain, "*")+1:]; !strings.HasSuffix(string(listfile.AppendFold(nil, host)), suffix) {
			t.Fatalf("%q takes %q", pattern, s)
		}
	})
}

// vocabulary of random rules and people, small so that they meet.
var (
	fuzzFields = []string{"roles", "uid", "belonging_population", "acr", "custom.x", "email", "siret", "siren"}
	fuzzValues = map[string][]string{
		"acr":   {"eidas1", "eidas1-mfa", "eidas2"},
		"email": {"a@x.fr", "*@x.fr", "*@*.x.fr", "b@y.x.fr"},
		"siret": {"13002526500013", "21920023500014"},
		"siren": {"130025265", "219200235"},
	}
	fuzzWords = []string{"a", "b", "a*", "*b", "ab"}
)

func pick[T any](r *rand.Rand, s []T) T { return s[r.IntN(len(s))] }

func valuesOf(field string) []string {
	if values, ok := fuzzValues[field]; ok {
		return values
	}
	return fuzzWords
}

func randomRule(r *rand.Rand, effect string) Rule {
	rule := Rule{Effect: effect}
	for range 1 + r.IntN(3) {
		c := Condition{Field: pick(r, fuzzFields), Not: r.IntN(3) == 0}
		if r.IntN(6) == 0 {
			c.Absent = true
		} else {
			c.Values = []string{pick(r, valuesOf(c.Field))}
		}
		rule.Conditions = append(rule.Conditions, c)
	}
	if CheckRule(rule) != nil { // the same condition twice
		rule.Conditions = rule.Conditions[:1]
	}
	return rule
}

func randomIdentity(t testing.TB, r *rand.Rand) *claims.Set {
	t.Helper()
	id := new(claims.Set)
	for _, field := range fuzzFields {
		var values []string
		for range r.IntN(3) {
			if v := pick(r, valuesOf(field)); !strings.Contains(v, "*") {
				values = append(values, v)
			}
		}
		if r.IntN(20) > 0 {
			id.Put(mustClaim(t, field), values)
		}
	}
	return id
}

// admits decides by rules without checking that they make sense together.
func admits(t testing.TB, rules []Rule, id *claims.Set) bool {
	t.Helper()
	rs, err := compileUnchecked(rules, noLists())
	if err != nil {
		t.Fatal(err)
	}
	return rs.Decide(id).Outcome == Allow
}

func without[T any](s []T, i int) []T {
	return append(append([]T{}, s[:i]...), s[i+1:]...)
}

// Adding a deny, removing an allow or adding a condition to an allow never widens;
// a claim that is taken from a person never makes a positive condition hold.
func FuzzRulesNeverWiden(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		var rules []Rule
		for range 1 + r.IntN(4) {
			rules = append(rules, randomRule(r, pick(r, []string{EffectAllow, EffectAllow, EffectDeny})))
		}
		id := randomIdentity(t, r)
		in := admits(t, rules, id)
		if !in && admits(t, append(rules[:len(rules):len(rules)], randomRule(r, EffectDeny)), id) {
			t.Errorf("a deny more lets in: %v", rules)
		}
		// A rule that is gone also takes with it the claims that it needed: the
		// person passes by ProConnect no more, which is no widening.
		d := mustCompile(t, rules).Decide(id)
		for i, rule := range rules {
			if d.Outcome != Login && !in && rule.Effect == EffectAllow && admits(t, without(rules, i), id) {
				t.Errorf("an allow less lets in: %v", rules)
			}
			if !in && rule.Effect == EffectAllow {
				narrow := without(rules, i)
				more := randomRule(r, EffectAllow)
				more.Conditions = append(more.Conditions, rule.Conditions...)
				if d.Outcome != Login && admits(t, append(narrow, more), id) {
					t.Errorf("a condition more lets in: %v", rules)
				}
			}
		}
		checkNothingPositive(t, r, rules)
	})
}

func mustCompile(t testing.TB, rules []Rule) *Set {
	t.Helper()
	rs, err := compileUnchecked(rules, noLists())
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

// checkNothingPositive: a person of whom ProConnect says nothing satisfies no
// condition but absent, and is denied by every deny rule but those that ask for presence.
func checkNothingPositive(t *testing.T, r *rand.Rand, rules []Rule) {
	t.Helper()
	nobody := new(claims.Set)
	for _, field := range fuzzFields {
		nobody.Put(mustClaim(t, field), nil)
	}
	for i := range rules {
		rule := mustCompile(t, rules[i:i+1]).Rules[0]
		for _, c := range rule.Conditions {
			got := c.eval(nobody, rule.deny)
			if !c.Absent && got != Unknown || c.Absent && (got == True) == c.Not {
				t.Errorf("%s of nothing: %d", rule.outline(), got)
			}
		}
	}
	if admits(t, rules, randomUnasked(t, r, rules)) {
		t.Errorf("lets in somebody of whom nothing was asked: %v", rules)
	}
}

// randomUnasked is a person of whom one claim that the rules need was not asked for.
func randomUnasked(t testing.TB, r *rand.Rand, rules []Rule) *claims.Set {
	t.Helper()
	skip := pick(r, pick(r, rules).Conditions).Field
	id := new(claims.Set)
	for _, field := range fuzzFields {
		if field != skip {
			id.Put(mustClaim(t, field), []string{pick(r, []string{"a", "b"})})
		}
	}
	return id
}
