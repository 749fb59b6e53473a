package rp

import (
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/forge"
)

// TestIDTokenForgeries signs, or does not sign, a token in ways that other
// implementations took for valid.
func TestIDTokenForgeries(t *testing.T) {
	small := forge.RSA(1024) // nobody would publish it on purpose
	p384 := forge.EC(elliptic.P384())
	malformed := outcome{StageToken, Invalid, ReasonJWT}
	header := outcome{StageToken, Invalid, ReasonHeader}
	unsigned := outcome{StageToken, Invalid, ReasonSignature}
	algNone := outcome{StageToken, Invalid, ReasonIDTokenAlg}
	algOther := outcome{StageToken, Misconfigured, ReasonIDTokenAlg}
	for name, row := range map[string]struct {
		alg  string
		make func(f *fake) string
		want outcome
	}{
		"alg none":          {RS256, func(f *fake) string { return f.withoutSignature("none") + "AA" }, algNone},
		"alg None":          {RS256, func(f *fake) string { return f.withoutSignature("None") + "AA" }, algNone},
		"alg nOnE":          {RS256, func(f *fake) string { return f.withoutSignature("nOnE") + "AA" }, algNone},
		"alg none, no part": {RS256, func(f *fake) string { return f.withoutSignature("none") }, malformed},
		"empty signature":   {RS256, func(f *fake) string { return f.withoutSignature(RS256) }, malformed},
		"alg missing":       {RS256, func(f *fake) string { return f.sign(f.header.With("alg", nil), f.claims.Bytes()) }, algNone},
		"alg list":          {RS256, func(f *fake) string { return f.sign(f.header.With("alg", []string{RS256}), f.claims.Bytes()) }, algNone},
		"signature flipped": {RS256, func(f *fake) string { return flip(f.sign(f.header, f.claims.Bytes())) }, unsigned},
		"ES256 flipped":     {ES256, func(f *fake) string { return flip(f.sign(f.header, f.claims.Bytes())) }, unsigned},
		"ES256 r=s=0":       {ES256, func(f *fake) string { return f.withoutSignature(ES256) + forge.Base64URL(make([]byte, 64)) }, unsigned},
		"ES256 in DER": {ES256, func(f *fake) string {
			return f.withoutSignature(ES256) + forge.Base64URL([]byte{0x30, 6, 2, 1, 0, 2, 1, 0})
		}, unsigned},
		"HS256 wrong secret": {HS256, func(f *fake) string { return forge.Token(f.header, f.claims.Bytes(), []byte("not the secret")) }, unsigned},
		"HS256 empty secret": {HS256, func(f *fake) string { return forge.Token(f.header, f.claims.Bytes(), []byte{}) }, unsigned},
		"HS256 with RSA key": {RS256, func(f *fake) string {
			return forge.Token(forge.JSON{"alg": HS256}, f.claims.Bytes(), pkix(&rsaOnce().PublicKey))
		}, algOther},
		"HS256 with oct key": {RS256, func(f *fake) string {
			return forge.Token(forge.JSON{"alg": HS256, "kid": "o1"}, f.claims.Bytes(), []byte("octoctoct"))
		}, algOther},
		"RS256 with oct key": {RS256, func(f *fake) string {
			return forge.Token(forge.JSON{"alg": RS256, "kid": "o1"}, f.claims.Bytes(), []byte("octoctoct"))
		}, unsigned},
		"HS256, oct published": {HS256, func(f *fake) string {
			return forge.Token(forge.JSON{"alg": HS256, "kid": "o1"}, f.claims.Bytes(), []byte("octoctoct"))
		}, unsigned},
		"ES256, RS256 set": {RS256, func(f *fake) string { return f.sign(forge.JSON{"alg": ES256}, f.claims.Bytes()) }, algOther},
		"RS256, ES256 set": {ES256, func(f *fake) string { return f.sign(forge.JSON{"alg": RS256}, f.claims.Bytes()) }, algOther},
		"RS256, HS256 set": {HS256, func(f *fake) string { return f.sign(forge.JSON{"alg": RS256}, f.claims.Bytes()) }, algOther},
		"ES256 with P-384": {ES256, func(f *fake) string {
			return forge.Token(forge.JSON{"alg": ES256, "kid": "p384"}, f.claims.Bytes(), p384)
		}, unsigned},
		"RS256 with EC key": {RS256, func(f *fake) string {
			return forge.Token(forge.JSON{"alg": RS256, "kid": "e1"}, f.claims.Bytes(), ecOnce())
		}, unsigned},
		"RSA 1024": {RS256, func(f *fake) string {
			return forge.Token(forge.JSON{"alg": RS256, "kid": "small"}, f.claims.Bytes(), small)
		}, unsigned},
		"RSA 1024 without kid": {RS256, func(f *fake) string { return forge.Token(forge.JSON{"alg": RS256}, f.claims.Bytes(), small) }, unsigned},
		"key for encryption": {RS256, func(f *fake) string {
			return forge.Token(forge.JSON{"alg": RS256, "kid": "enc"}, f.claims.Bytes(), rsaOther())
		}, unsigned},
		"key ops sign": {RS256, func(f *fake) string {
			return forge.Token(forge.JSON{"alg": RS256, "kid": "ops"}, f.claims.Bytes(), rsaOther())
		}, unsigned},
		"key for PS256": {RS256, func(f *fake) string {
			return forge.Token(forge.JSON{"alg": RS256, "kid": "ps"}, f.claims.Bytes(), rsaOther())
		}, unsigned},
		"crit unknown":       {RS256, func(f *fake) string { return f.headerWith("crit", []string{"x"}, "x", 1) }, header},
		"crit empty":         {RS256, func(f *fake) string { return f.headerWith("crit", []string{}) }, header},
		"b64 false":          {RS256, func(f *fake) string { return f.headerWith("b64", false, "crit", []string{"b64"}) }, header},
		"b64 without crit":   {RS256, func(f *fake) string { return f.headerWith("b64", false) }, header},
		"kid a path":         {RS256, func(f *fake) string { return f.headerWith("kid", "../../dev/null") }, unsigned},
		"kid 10 kB":          {RS256, func(f *fake) string { return f.headerWith("kid", strings.Repeat("k", 10<<10)) }, unsigned},
		"kid unknown":        {RS256, func(f *fake) string { return f.headerWith("kid", "r2") }, unsigned},
		"kid number":         {RS256, func(f *fake) string { return f.headerWith("kid", 1) }, header},
		"kid of another key": {RS256, func(f *fake) string { return f.headerWith("kid", "e1") }, unsigned},
		"typ at+jwt":         {RS256, func(f *fake) string { return f.headerWith("typ", "at+jwt") }, header},
		"typ logout+jwt":     {RS256, func(f *fake) string { return f.headerWith("typ", "logout+jwt") }, header},
		"typ number":         {RS256, func(f *fake) string { return f.headerWith("typ", 1) }, header},
		"alg twice": {RS256, func(f *fake) string {
			return forge.RawToken([]byte(`{"alg":"RS256","alg":"RS256","kid":"r1"}`), f.claims.Bytes(), rsaOnce())
		}, header},
		"alg and Alg": {RS256, func(f *fake) string {
			return forge.RawToken([]byte(`{"alg":"RS256","Alg":"none","kid":"r1"}`), f.claims.Bytes(), rsaOnce())
		}, header},
		"header null":        {RS256, func(f *fake) string { return forge.RawToken([]byte("null"), f.claims.Bytes(), rsaOnce()) }, header},
		"JSON serialisation": {RS256, func(f *fake) string { return serialised(f.sign(f.header, f.claims.Bytes())) }, malformed},
		"flattened, spaced":  {RS256, func(f *fake) string { return " " + serialised(f.sign(f.header, f.claims.Bytes())) }, malformed},
		"leading space":      {RS256, func(f *fake) string { return " " + f.sign(f.header, f.claims.Bytes()) }, malformed},
		"newline inside":     {RS256, func(f *fake) string { return strings.Replace(f.sign(f.header, f.claims.Bytes()), ".", ".\n", 1) }, malformed},
		"newline at the end": {RS256, func(f *fake) string { return f.sign(f.header, f.claims.Bytes()) + "\n" }, malformed},
		"padding":            {RS256, func(f *fake) string { return f.sign(f.header, f.claims.Bytes()) + "==" }, malformed},
		"2 parts":            {RS256, func(f *fake) string { return strings.TrimSuffix(f.withoutSignature(RS256), ".") }, malformed},
		"4 parts":            {RS256, func(f *fake) string { return f.sign(f.header, f.claims.Bytes()) + ".AA" }, malformed},
		"5 parts": {
			RS256, func(f *fake) string { return f.sign(f.header, f.claims.Bytes()) + ".AA.AA" },
			outcome{StageToken, Misconfigured, ReasonEncrypted},
		},
		"no part":           {RS256, func(*fake) string { return ".." }, malformed},
		"standard alphabet": {RS256, func(f *fake) string { return f.withoutSignature(RS256) + "+/+/" }, malformed},
		"100 kB": {
			RS256, func(f *fake) string {
				return f.sign(f.header, f.claims.With("x", strings.Repeat("x", 100<<10)).Bytes())
			},
			outcome{StageToken, Invalid, ReasonTooLarge},
		},
		"8 MB": {
			RS256, func(*fake) string { return strings.Repeat("a", 8<<20) },
			outcome{StageToken, Unavailable, ReasonTooLarge},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, row.alg, None)
			f.keys = append(
				f.keys, forge.JSON{"kty": "oct", "kid": "o1", "k": forge.Base64URL([]byte("octoctoct"))}, forge.ECKey("p384", p384),
				forge.RSAKey("small", small), forge.RSAKey("enc", rsaOther()).With("use", "enc"),
				forge.RSAKey("ops", rsaOther()).With("use", nil, "key_ops", []string{"sign"}),
				forge.RSAKey("ps", rsaOther()).With("alg", "PS256"),
			)
			f.rawIDToken = func() string { return row.make(f) }
			_, err := f.finish(t)
			row.want.check(t, err)
			f.wantCalls(t, 1, 0)
			if n := f.count("/jwks"); n > 2 {
				t.Errorf("key fetches: got %d, want at most 2", n)
			}
		})
	}
}

func TestIDTokenHeaders(t *testing.T) {
	for name, change := range map[string][]any{
		"typ absent": {"typ", nil},
		"typ jwt":    {"typ", "jwt"},
		"no kid":     {"kid", nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, RS256, RS256)
			f.header = f.header.With(change...)
			if _, err := f.finish(t); err != nil {
				t.Error(err)
			}
		})
	}
}

// A token that says where its key is would otherwise be its own authority.
func TestKeyInHeader(t *testing.T) {
	var calls atomic.Int32
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		send(w, "application/json", string(forge.JSON{"keys": []any{forge.RSAKey("r1", rsaOther())}}.Bytes()))
	}))
	defer evil.Close()
	for _, name := range []string{"jwk", "jku", "x5u"} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, RS256, RS256)
			value := any(evil.URL)
			if name == "jwk" {
				value = forge.RSAKey("r1", rsaOther())
			}
			f.rawIDToken = func() string { return forge.Token(f.header.With(name, value), f.claims.Bytes(), rsaOther()) }
			if _, err := f.finish(t); err == nil {
				t.Error("the token's own key was used")
			}
			f.wantCalls(t, 1, 0)
		})
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("%d outbound calls", n)
	}
}

func TestAlgInError(t *testing.T) {
	f := newFake(t, RS256, RS256)
	f.rawIDToken = func() string { return f.sign(forge.JSON{"alg": ES256}, f.claims.Bytes()) }
	_, err := f.finish(t)
	if e := (outcome{StageToken, Misconfigured, ReasonIDTokenAlg}).check(t, err); e.Detail != ES256 {
		t.Errorf("detail: got %q", e.Detail)
	}
	f.rawIDToken = func() string { return f.sign(forge.JSON{"alg": "<evil>"}, f.claims.Bytes()) }
	_, err = f.finish(t)
	if e := (outcome{StageToken, Invalid, ReasonIDTokenAlg}).check(t, err); e.Detail != "" {
		t.Errorf("detail: got %q", e.Detail)
	}
}

func (f *fake) headerWith(kv ...any) string {
	return f.sign(f.header.With(kv...), f.claims.Bytes())
}

func (f *fake) withoutSignature(alg string) string {
	return forge.Base64URL(f.header.With("alg", alg).Bytes()) + "." + forge.Base64URL(f.claims.Bytes()) + "."
}

// flip changes one bit of the signature.
func flip(token string) string {
	i := strings.LastIndexByte(token, '.') + 5
	c := byte('A')
	if token[i] == c {
		c = 'B'
	}
	return token[:i] + string(c) + token[i+1:]
}

// serialised is RFC 7515 section 7.2.2.
func serialised(token string) string {
	p := strings.Split(token, ".")
	b, _ := json.Marshal(map[string]string{"protected": p[0], "payload": p[1], "signature": p[2]})
	return string(b)
}

func pkix(k *rsa.PublicKey) []byte {
	b, _ := x509.MarshalPKIXPublicKey(k)
	return b
}
