package rp

import (
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/forge"
)

func TestUserinfoAnswers(t *testing.T) {
	rows := answers(StageUserinfo)
	for _, name := range []string{"empty", "list", "null"} {
		row := rows[name]
		row.want.kind = Invalid
		rows[name] = row
	}
	for name, row := range map[string]struct {
		serve http.HandlerFunc
		want  outcome
	}{
		"string": {content("application/json", `"x"`), outcome{StageUserinfo, Invalid, ReasonJSON}},
		"401":    {status(401), outcome{StageUserinfo, Refused, ReasonSessionGone}},
		"403":    {status(403), outcome{StageUserinfo, Unavailable, ReasonStatus}},
		"signed": {content("application/jwt", "a.b.c"), outcome{StageUserinfo, Misconfigured, ReasonUserinfoSigned}},
		"no sub": {content("application/json", "{}"), outcome{StageUserinfo, Invalid, ReasonUserinfoSubject}},
		"sub twice": {
			content("application/json", `{"sub":"evil","sub":"`+testSubject+`"}`), outcome{StageUserinfo, Invalid, ReasonJSON},
		},
		"two types": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{"application/json", "text/html"}
			_, _ = w.Write([]byte(`{"sub":"` + testSubject + `"}`))
		}, outcome{StageUserinfo, Unavailable, ReasonContentType}},
	} {
		rows[name] = row
	}
	rows["500"] = struct {
		serve http.HandlerFunc
		want  outcome
	}{status(500), outcome{StageUserinfo, Refused, ReasonSessionGone}}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			answeredBy(t, name, RS256, None, func(t *testing.T, f *fake) {
				f.onUserinfo = row.serve
				_, err := f.finish(t)
				row.want.check(t, err)
				f.wantCalls(t, 1, 1)
				if n := f.count("/elsewhere"); n != 0 {
					t.Error("redirect followed")
				}
			})
		})
	}
}

// TestUserinfoClaims changes one claim of a validly signed answer.
func TestUserinfoClaims(t *testing.T) {
	now := testNow.Unix()
	for name, row := range map[string]struct {
		claim string
		value any
		want  Reason
	}{
		"sub differs":       {"sub", "somebody-else", ReasonUserinfoSubject},
		"sub missing":       {"sub", nil, ReasonUserinfoSubject},
		"sub list":          {"sub", []string{testSubject}, ReasonUserinfoSubject},
		"sub other case":    {"sub", strings.ToUpper(testSubject), ReasonUserinfoSubject},
		"iss wrong":         {"iss", "https://evil.example", ReasonIssuer},
		"iss missing":       {"iss", nil, ReasonIssuer},
		"aud wrong":         {"aud", "other", ReasonAudience},
		"aud missing":       {"aud", nil, ReasonAudience},
		"aud list":          {"aud", []string{testClient}, ""},
		"expired":           {"exp", now - 360, ReasonExpiry},
		"exp string":        {"exp", "1800003600", ReasonExpiry},
		"exp missing":       {"exp", nil, ""},
		"exp 30 s ago":      {"exp", now - 30, ""},
		"nbf ahead":         {"nbf", now + 300, ReasonNotBefore},
		"a nonce":           {"nonce", testNonce, ReasonUserinfoIDToken},
		"an empty nonce":    {"nonce", "", ReasonUserinfoIDToken},
		"at_hash":           {"at_hash", "x", ReasonUserinfoIDToken},
		"c_hash":            {"c_hash", "x", ReasonUserinfoIDToken},
		"CRLF, NUL, markup": {"usual_name", "a\r\n\x00<script>é", ""},
		"100 kB":            {"usual_name", strings.Repeat("x", 100<<10), ReasonTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, RS256, RS256)
			f.person = f.person.With(row.claim, row.value)
			_, err := f.finish(t)
			if row.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			outcome{StageUserinfo, Invalid, row.want}.check(t, err)
			f.wantCalls(t, 1, 1)
		})
	}
}

func TestUserinfoForgeries(t *testing.T) {
	for name, row := range map[string]struct {
		make func(f *fake) string
		want outcome
	}{
		"bad signature": {
			func(f *fake) string { return flip(f.sign(forge.JSON{"alg": RS256}, f.person.Bytes())) },
			outcome{StageUserinfo, Invalid, ReasonSignature},
		},
		"none": {
			func(f *fake) string { return forge.Token(forge.JSON{"alg": "none"}, f.person.Bytes(), []byte("x")) },
			outcome{StageUserinfo, Invalid, ReasonUserinfoAlg},
		},
		"another algorithm": {
			func(f *fake) string { return f.sign(forge.JSON{"alg": ES256}, f.person.Bytes()) },
			outcome{StageUserinfo, Misconfigured, ReasonUserinfoAlg},
		},
		"HS256 with the public key": {
			func(f *fake) string {
				return forge.Token(forge.JSON{"alg": HS256}, f.person.Bytes(), pkix(&rsaOnce().PublicKey))
			},
			outcome{StageUserinfo, Misconfigured, ReasonUserinfoAlg},
		},
		"encrypted": {
			func(*fake) string { return "YQ.YQ.YQ.YQ.YQ" },
			outcome{StageUserinfo, Misconfigured, ReasonEncrypted},
		},
		"sub twice": {
			func(f *fake) string {
				return f.sign(forge.JSON{"alg": RS256}, []byte(`{"sub":"evil",`+string(f.person.Bytes()[1:])))
			},
			outcome{StageUserinfo, Invalid, ReasonPayload},
		},
		"unsigned JSON in the JWT's type": {
			func(f *fake) string { return string(f.person.Bytes()) },
			outcome{StageUserinfo, Invalid, ReasonJWT},
		},
		// Signed by the right key, for the right client, of the right subject.
		"the ID token itself": {
			func(f *fake) string { return f.idToken() },
			outcome{StageUserinfo, Invalid, ReasonUserinfoIDToken},
		},
		"list": {
			func(f *fake) string { return f.sign(forge.JSON{"alg": RS256}, []byte("[]")) },
			outcome{StageUserinfo, Invalid, ReasonPayload},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, RS256, RS256)
			f.rawUserinfo = func() string { return row.make(f) }
			_, err := f.finish(t)
			row.want.check(t, err)
			f.wantCalls(t, 1, 1)
		})
	}
}

func TestUserinfoContentTypes(t *testing.T) {
	for _, contentType := range []string{"application/jwt", "application/jwt; charset=utf-8", "Application/JWT;Charset=UTF-8"} {
		t.Run(contentType, func(t *testing.T) {
			f := newFake(t, RS256, RS256)
			f.onUserinfo = func(w http.ResponseWriter, _ *http.Request) {
				send(w, contentType, f.sign(forge.JSON{"alg": RS256}, f.person.Bytes()))
			}
			if _, err := f.finish(t); err != nil {
				t.Error(err)
			}
		})
	}
}

// Plain JSON where a signature is due is no signature.
func TestUserinfoPlainJSON(t *testing.T) {
	f := newFake(t, RS256, RS256)
	f.onUserinfo = content("application/json", string(f.person.Bytes()))
	_, err := f.finish(t)
	outcome{StageUserinfo, Misconfigured, ReasonUserinfoPlainJSON}.check(t, err)
	f.wantCalls(t, 1, 1)
}
