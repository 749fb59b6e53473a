package session

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"go.uber.org/zap"
	"golang.org/x/text/unicode/norm"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// everyClaim is all that can be asked for, and some of what lies below custom.
func everyClaim(t testing.TB) []claims.Ref {
	t.Helper()
	var asked []claims.Ref
	for _, spec := range claims.Table {
		asked = append(asked, mustClaim(t, spec.Name))
	}
	for _, name := range []string{"custom.a", "custom.a.b", "custom.x"} {
		asked = append(asked, mustClaim(t, name))
	}
	claims.Sort(asked)
	return asked
}

// Whatever ProConnect hands on of what people typed: it is read without a panic,
// is harmless once it is read, is the same after its way through the cookie, and
// is not absent while there is something.
func FuzzClaims(f *testing.F) {
	for _, s := range []string{
		`{"sub":"u1","email":"a@x.gouv.fr","siret":"130 025 265 00013","roles":["agent_public",""],"custom":{"a":{"b":"c"},"x":1}}`,
		`{"sub":"{{env \"A\"}}","given_name":"<b>\u202e\u0000","usual_name":"e{\u0301","siret":["130025265","x"],"acr":null,"amr":[]}`,
		`{"roles":[["a"],null],"custom":{"a":[true,1e400,"  "]},"phone_number":false,"idp_id":{},"uid":" \u200b"}`,
		`{"organization_label":"` + strings.Repeat("é", 257) + `","belonging_population":"\ud800","custom":"x","email":"a@gouv.fr."}`,
	} {
		f.Add([]byte(s))
	}
	asked := everyClaim(f)
	absent := make(map[string]*rules.Set)
	for _, c := range asked {
		if c.Index < 0 || claims.Table[c.Index].Field {
			absent[c.Name] = compiledAbsent(f, c.Name)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var raw map[string]any
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber() // as userinfo is read
		if d.Decode(&raw) != nil {
			return
		}
		s, got := &Session{Family: Family{1}, startedAt: 1, lifetime: 1, Set: *claims.New(asked, raw)}, new(Session)
		if err := got.decode(string(s.encode())); err != nil {
			t.Fatalf("the session cannot be read again: %v", err)
		}
		for _, c := range asked {
			values, kept := s.Values(c), got.Values(c)
			if _, there := got.Find(c); !there || !slices.Equal(kept, values) || got.Text(c.Name) != s.Text(c.Name) {
				t.Errorf("%s is %q, and %q in the session", c.Name, values, kept)
			}
			for _, v := range values {
				checkHarmless(t, c.Name, v)
			}
			if rules := absent[c.Name]; rules != nil && rules.Holds(&s.Set, false) && saysSomething(rawClaim(raw, c.Name)) {
				t.Errorf("%s is absent, and is %v", c.Name, rawClaim(raw, c.Name))
			}
		}
	})
}

// checkHarmless checks a value that templates, headers and logs are handed.
func checkHarmless(t *testing.T, name, v string) {
	t.Helper()
	if utf8.RuneCountInString(v) > claims.MaxValueChars || !utf8.ValidString(v) || strings.ContainsAny(v, "{}<>") || strings.ContainsFunc(v, unicode.IsControl) {
		t.Errorf("%s is %q", name, v)
	}
	if strings.TrimSpace(v) != v || !norm.NFC.IsNormalString(v) {
		t.Errorf("%s is not normal: %+q", name, v)
	}
}

// rawClaim is what userinfo says by the name of a claim.
func rawClaim(raw map[string]any, name string) any {
	if name == "siren" { // is derived
		name = "siret"
	}
	path, custom := strings.CutPrefix(name, claims.CustomPrefix)
	if !custom {
		return raw[name]
	}
	inside, _ := raw["custom"].(map[string]any)
	first, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		return inside[first]
	}
	inside, _ = inside[first].(map[string]any)
	return inside[rest]
}

// saysSomething says whether a raw value is more than null or emptiness.
func saysSomething(raw any) bool {
	switch v := raw.(type) {
	case nil:
		return false
	case string:
		return strings.TrimSpace(v) != ""
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return e == nil || saysSomething(e) })
	}
	return true
}

// compiledAbsent is the rule that holds of people of whom a claim is absent.
func compiledAbsent(t testing.TB, claim string) *rules.Set {
	t.Helper()
	set, err := rules.Compile([]rules.Rule{{Effect: rules.EffectAllow, Conditions: []rules.Condition{{Field: claim, Absent: true}}}}, rules.NewLists(zap.NewNop(), nil))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func mustClaim(t testing.TB, name string) claims.Ref {
	t.Helper()
	ref, ok := claims.Lookup(name)
	if !ok {
		t.Fatalf("no claim %q", name)
	}
	return ref
}
