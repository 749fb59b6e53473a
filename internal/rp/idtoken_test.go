package rp

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/forge"
)

// TestIDTokenClaims changes one claim of a validly signed ID token.
func TestIDTokenClaims(t *testing.T) {
	now := testNow.Unix()
	for name, row := range map[string]struct {
		claim string
		value any // nil: absent
		want  Reason
	}{
		"iss wrong":                {"iss", "https://evil.example", ReasonIssuer},
		"iss missing":              {"iss", nil, ReasonIssuer},
		"iss list":                 {"iss", []string{"x"}, ReasonIssuer},
		"aud wrong":                {"aud", "other", ReasonAudience},
		"aud missing":              {"aud", nil, ReasonAudience},
		"aud empty list":           {"aud", []string{}, ReasonAudience},
		"aud number":               {"aud", 12, ReasonAudience},
		"aud list with a number":   {"aud", []any{testClient, 12}, ReasonAudience},
		"aud object":               {"aud", forge.JSON{testClient: 1}, ReasonAudience},
		"aud two without azp":      {"aud", []string{testClient, "other"}, ReasonAudience},
		"aud us twice":             {"aud", []string{testClient, testClient}, ReasonAudience},
		"aud list":                 {"aud", []string{testClient}, ""},
		"azp another":              {"azp", "other", ReasonAZP},
		"azp null":                 {"azp", json.RawMessage("null"), ReasonAZP},
		"azp us":                   {"azp", testClient, ""},
		"sub missing":              {"sub", nil, ReasonSubject},
		"sub empty":                {"sub", "", ReasonSubject},
		"sub number":               {"sub", 12, ReasonSubject},
		"sub 256 characters":       {"sub", strings.Repeat("a", 256), ReasonSubject},
		"sub control character":    {"sub", "a\nb", ReasonSubject},
		"sub NUL":                  {"sub", "a\x00", ReasonSubject},
		"sub surrounded by spaces": {"sub", " a ", ReasonSubject},
		"sub not ASCII":            {"sub", "jeanné", ReasonSubject},
		"exp missing":              {"exp", nil, ReasonExpiry},
		"exp null":                 {"exp", json.RawMessage("null"), ReasonExpiry},
		"exp 0":                    {"exp", 0, ReasonExpiry},
		"exp negative":             {"exp", -1, ReasonExpiry},
		"exp boolean":              {"exp", true, ReasonExpiry},
		"exp string":               {"exp", "1800003600", ReasonExpiry},
		"exp 6 minutes ago":        {"exp", now - 360, ReasonExpiry},
		"exp 10 years ahead":       {"exp", now + 315_360_000, ReasonExpiry},
		"exp 1e400":                {"exp", json.Number("1e400"), ReasonExpiry},
		"exp 1e300":                {"exp", json.Number("1e300"), ReasonExpiry},
		"exp 30 s ago":             {"exp", now - 30, ""},
		"exp with a fraction":      {"exp", json.Number("1800003600.5"), ""},
		"iat 30 s ahead":           {"iat", now + 30, ""},
		"iat missing":              {"iat", nil, ReasonIssuedAt},
		"iat string":               {"iat", "1800000000", ReasonIssuedAt},
		"iat a day ahead":          {"iat", now + 86_400, ReasonIssuedAt},
		"iat a year ago":           {"iat", now - 31_536_000, ReasonIssuedAt},
		"nbf 5 minutes ahead":      {"nbf", now + 300, ReasonNotBefore},
		"nbf string":               {"nbf", "1", ReasonNotBefore},
		"nbf now":                  {"nbf", now, ""},
		"nonce wrong":              {"nonce", "another-attempt-another-attempt-another-att", ReasonNonce},
		"nonce missing":            {"nonce", nil, ReasonNonce},
		"nonce empty":              {"nonce", "", ReasonNonce},
		"nonce list":               {"nonce", []string{testNonce}, ReasonNonce},
		"at_hash wrong":            {"at_hash", forge.LeftHalf("other"), ReasonAccessHash},
		"at_hash empty":            {"at_hash", "", ReasonAccessHash},
		"at_hash number":           {"at_hash", 1, ReasonAccessHash},
		"at_hash absent":           {"at_hash", nil, ""},
		"acr absent":               {"acr", nil, ""},
		"acr list":                 {"acr", []string{"eidas2"}, ""},
		"amr string":               {"amr", "pwd", ""},
		"amr number":               {"amr", 1, ""},
		"claim sources":            {"_claim_sources", forge.JSON{"s": forge.JSON{"endpoint": "http://127.0.0.1:1/"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, RS256, RS256)
			f.claims = f.claims.With(row.claim, row.value)
			_, err := f.finish(t)
			if row.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				f.wantCalls(t, 1, 1)
				return
			}
			outcome{StageToken, Invalid, row.want}.check(t, err)
			f.wantCalls(t, 1, 0)
		})
	}
}

func TestIDTokenIssuerSpelling(t *testing.T) {
	for name, change := range map[string]func(string) string{
		"slash":    func(s string) string { return s + "/" },
		"capitals": strings.ToUpper,
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, RS256, RS256)
			f.claims = f.claims.With("iss", change(f.cfg.Issuer))
			_, err := f.finish(t)
			outcome{StageToken, Invalid, ReasonIssuer}.check(t, err)
			f.wantCalls(t, 1, 0)
		})
	}
}

// Whoever else a token is for could use it here, and have got it there: azp or not.
func TestIDTokenTwoAudiences(t *testing.T) {
	for name, azp := range map[string]any{"azp us": testClient, "azp the other": "other", "no azp": nil} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, RS256, RS256)
			f.claims = f.claims.With("aud", []string{"other", testClient}, "azp", azp)
			_, err := f.finish(t)
			outcome{StageToken, Invalid, ReasonAudience}.check(t, err)
			f.wantCalls(t, 1, 0)
		})
	}
}

// ProConnect matches acr exactly, and the browser could have changed the
// request: only the answer counts.
func TestIDTokenACR(t *testing.T) {
	for name, row := range map[string]struct {
		acr any
		ok  bool
	}{
		"met":        {"eidas2", true},
		"missing":    {nil, false},
		"wrong":      {"eidas1", false},
		"other case": {"EIDAS2", false},
		"list":       {[]string{"eidas2"}, false},
		"prefix":     {"eidas", false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, RS256, RS256)
			f.claims = f.claims.With("acr", row.acr)
			a := f.attempt()
			a.ACRValues = []string{"eidas2", "eidas3"}
			got, err := f.finishWith(t, f.response(), a)
			if row.ok {
				if err != nil || got.ACR != row.acr {
					t.Fatalf("got %+v, %v", got, err)
				}
				return
			}
			outcome{StageToken, ACRUnmet, ReasonACR}.check(t, err)
			f.wantCalls(t, 1, 0)
		})
	}
}

// Two parsers that read one token differently are how checks get bypassed.
func TestIDTokenPayload(t *testing.T) {
	for name, change := range map[string]func(string) string{
		"iss twice":           func(s string) string { return `{"iss":"https://evil.example",` + s[1:] },
		"aud twice":           func(s string) string { return `{"aud":"other",` + s[1:] },
		"sub twice":           func(s string) string { return s[:len(s)-1] + `,"sub":"evil"}` },
		"sub twice, escaped":  func(s string) string { return s[:len(s)-1] + `,"\u0073ub":"evil"}` },
		"aud and Aud":         func(s string) string { return s[:len(s)-1] + `,"Aud":"other"}` },
		"sub and \u017fub":    func(s string) string { return s[:len(s)-1] + `,"` + "\u017f" + `ub":"evil"}` },
		"nested twice":        func(s string) string { return s[:len(s)-1] + `,"x":[{"a":1,"a":2}]}` },
		"null":                func(string) string { return "null" },
		"list":                func(s string) string { return "[" + s + "]" },
		"empty":               func(string) string { return "{}" },
		"trailing bytes":      func(s string) string { return s + "x" },
		"two objects":         func(s string) string { return s + s },
		"invalid UTF-8":       func(s string) string { return s[:len(s)-1] + ",\"x\":\"\xff\"}" },
		"byte order mark":     func(s string) string { return "\ufeff" + s },
		"nested 9 000 deep":   func(s string) string { return nest(s, 9000) },
		"nested 9 000 broken": func(s string) string { return s[:len(s)-1] + `,"x":` + strings.Repeat("[", 9000) },
		"trailing comma":      func(s string) string { return s[:len(s)-1] + ",}" },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, RS256, RS256)
			f.rawIDToken = func() string { return f.sign(f.header, []byte(change(string(f.claims.Bytes())))) }
			_, err := f.finish(t)
			want := outcome{StageToken, Invalid, ReasonPayload}
			if name == "empty" {
				want.reason = ReasonIssuer
			}
			want.check(t, err)
			f.wantCalls(t, 1, 0)
		})
	}
}

func nest(s string, depth int) string {
	return s[:len(s)-1] + `,"x":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + "}"
}
