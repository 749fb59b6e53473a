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
)

// TestIDTokenForgeries signs, or does not sign, a token in ways that other
// implementations took for valid.
func TestIDTokenForgeries(t *testing.T) {
	small := mustRSA(1024) // nobody would publish it on purpose
	p384 := mustEC(elliptic.P384())
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
		"alg none":           {RS256, func(f *fake) string { return f.withoutSignature("none") + "AA" }, algNone},
		"alg None":           {RS256, func(f *fake) string { return f.withoutSignature("None") + "AA" }, algNone},
		"alg nOnE":           {RS256, func(f *fake) string { return f.withoutSignature("nOnE") + "AA" }, algNone},
		"alg none, no part":  {RS256, func(f *fake) string { return f.withoutSignature("none") }, malformed},
		"empty signature":    {RS256, func(f *fake) string { return f.withoutSignature(RS256) }, malformed},
		"alg missing":        {RS256, func(f *fake) string { return f.sign(f.header.with("alg", nil), f.claims.json()) }, algNone},
		"alg list":           {RS256, func(f *fake) string { return f.sign(f.header.with("alg", []string{RS256}), f.claims.json()) }, algNone},
		"signature flipped":  {RS256, func(f *fake) string { return flip(f.sign(f.header, f.claims.json())) }, unsigned},
		"ES256 flipped":      {ES256, func(f *fake) string { return flip(f.sign(f.header, f.claims.json())) }, unsigned},
		"ES256 r=s=0":        {ES256, func(f *fake) string { return f.withoutSignature(ES256) + b64(make([]byte, 64)) }, unsigned},
		"ES256 in DER":       {ES256, func(f *fake) string { return f.withoutSignature(ES256) + b64([]byte{0x30, 6, 2, 1, 0, 2, 1, 0}) }, unsigned},
		"HS256 wrong secret": {HS256, func(f *fake) string { return compact(f.header, f.claims.json(), []byte("not the secret")) }, unsigned},
		"HS256 empty secret": {HS256, func(f *fake) string { return compact(f.header, f.claims.json(), []byte{}) }, unsigned},
		"HS256 with RSA key": {RS256, func(f *fake) string {
			return compact(object{"alg": HS256}, f.claims.json(), pkix(&rsaOnce().PublicKey))
		}, algOther},
		"HS256 with oct key": {RS256, func(f *fake) string {
			return compact(object{"alg": HS256, "kid": "o1"}, f.claims.json(), []byte("octoctoct"))
		}, algOther},
		"RS256 with oct key": {RS256, func(f *fake) string {
			return compact(object{"alg": RS256, "kid": "o1"}, f.claims.json(), []byte("octoctoct"))
		}, unsigned},
		"HS256, oct published": {HS256, func(f *fake) string {
			return compact(object{"alg": HS256, "kid": "o1"}, f.claims.json(), []byte("octoctoct"))
		}, unsigned},
		"ES256, RS256 set":     {RS256, func(f *fake) string { return f.sign(object{"alg": ES256}, f.claims.json()) }, algOther},
		"RS256, ES256 set":     {ES256, func(f *fake) string { return f.sign(object{"alg": RS256}, f.claims.json()) }, algOther},
		"RS256, HS256 set":     {HS256, func(f *fake) string { return f.sign(object{"alg": RS256}, f.claims.json()) }, algOther},
		"ES256 with P-384":     {ES256, func(f *fake) string { return compact(object{"alg": ES256, "kid": "p384"}, f.claims.json(), p384) }, unsigned},
		"RS256 with EC key":    {RS256, func(f *fake) string { return compact(object{"alg": RS256, "kid": "e1"}, f.claims.json(), ecOnce()) }, unsigned},
		"RSA 1024":             {RS256, func(f *fake) string { return compact(object{"alg": RS256, "kid": "small"}, f.claims.json(), small) }, unsigned},
		"RSA 1024 without kid": {RS256, func(f *fake) string { return compact(object{"alg": RS256}, f.claims.json(), small) }, unsigned},
		"key for encryption":   {RS256, func(f *fake) string { return compact(object{"alg": RS256, "kid": "enc"}, f.claims.json(), rsaOther()) }, unsigned},
		"key ops sign":         {RS256, func(f *fake) string { return compact(object{"alg": RS256, "kid": "ops"}, f.claims.json(), rsaOther()) }, unsigned},
		"key for PS256":        {RS256, func(f *fake) string { return compact(object{"alg": RS256, "kid": "ps"}, f.claims.json(), rsaOther()) }, unsigned},
		"crit unknown":         {RS256, func(f *fake) string { return f.headerWith("crit", []string{"x"}, "x", 1) }, header},
		"crit empty":           {RS256, func(f *fake) string { return f.headerWith("crit", []string{}) }, header},
		"b64 false":            {RS256, func(f *fake) string { return f.headerWith("b64", false, "crit", []string{"b64"}) }, header},
		"b64 without crit":     {RS256, func(f *fake) string { return f.headerWith("b64", false) }, header},
		"kid a path":           {RS256, func(f *fake) string { return f.headerWith("kid", "../../dev/null") }, unsigned},
		"kid 10 kB":            {RS256, func(f *fake) string { return f.headerWith("kid", strings.Repeat("k", 10<<10)) }, unsigned},
		"kid unknown":          {RS256, func(f *fake) string { return f.headerWith("kid", "r2") }, unsigned},
		"kid number":           {RS256, func(f *fake) string { return f.headerWith("kid", 1) }, header},
		"kid of another key":   {RS256, func(f *fake) string { return f.headerWith("kid", "e1") }, unsigned},
		"typ at+jwt":           {RS256, func(f *fake) string { return f.headerWith("typ", "at+jwt") }, header},
		"typ logout+jwt":       {RS256, func(f *fake) string { return f.headerWith("typ", "logout+jwt") }, header},
		"typ number":           {RS256, func(f *fake) string { return f.headerWith("typ", 1) }, header},
		"alg twice": {RS256, func(f *fake) string {
			return compactRaw([]byte(`{"alg":"RS256","alg":"RS256","kid":"r1"}`), f.claims.json(), rsaOnce())
		}, header},
		"alg and Alg": {RS256, func(f *fake) string {
			return compactRaw([]byte(`{"alg":"RS256","Alg":"none","kid":"r1"}`), f.claims.json(), rsaOnce())
		}, header},
		"header null":        {RS256, func(f *fake) string { return compactRaw([]byte("null"), f.claims.json(), rsaOnce()) }, header},
		"JSON serialisation": {RS256, func(f *fake) string { return serialised(f.sign(f.header, f.claims.json())) }, malformed},
		"flattened, spaced":  {RS256, func(f *fake) string { return " " + serialised(f.sign(f.header, f.claims.json())) }, malformed},
		"leading space":      {RS256, func(f *fake) string { return " " + f.sign(f.header, f.claims.json()) }, malformed},
		"newline inside":     {RS256, func(f *fake) string { return strings.Replace(f.sign(f.header, f.claims.json()), ".", ".\n", 1) }, malformed},
		"newline at the end": {RS256, func(f *fake) string { return f.sign(f.header, f.claims.json()) + "\n" }, malformed},
		"padding":            {RS256, func(f *fake) string { return f.sign(f.header, f.claims.json()) + "==" }, malformed},
		"2 parts":            {RS256, func(f *fake) string { return strings.TrimSuffix(f.withoutSignature(RS256), ".") }, malformed},
		"4 parts":            {RS256, func(f *fake) string { return f.sign(f.header, f.claims.json()) + ".AA" }, malformed},
		"5 parts": {
			RS256, func(f *fake) string { return f.sign(f.header, f.claims.json()) + ".AA.AA" },
			outcome{StageToken, Misconfigured, ReasonEncrypted},
		},
		"no part":           {RS256, func(*fake) string { return ".." }, malformed},
		"standard alphabet": {RS256, func(f *fake) string { return f.withoutSignature(RS256) + "+/+/" }, malformed},
		"100 kB": {
			RS256, func(f *fake) string { return f.sign(f.header, f.claims.with("x", strings.Repeat("x", 100<<10)).json()) },
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
				f.keys, object{"kty": "oct", "kid": "o1", "k": b64([]byte("octoctoct"))}, ecJWK("p384", &p384.PublicKey),
				rsaJWK("small", &small.PublicKey), rsaJWK("enc", &rsaOther().PublicKey).with("use", "enc"),
				rsaJWK("ops", &rsaOther().PublicKey).with("use", nil, "key_ops", []string{"sign"}),
				rsaJWK("ps", &rsaOther().PublicKey).with("alg", "PS256"),
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
			f.header = f.header.with(change...)
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
		send(w, "application/json", string(object{"keys": []any{rsaJWK("r1", &rsaOther().PublicKey)}}.json()))
	}))
	defer evil.Close()
	for _, name := range []string{"jwk", "jku", "x5u"} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, RS256, RS256)
			value := any(evil.URL)
			if name == "jwk" {
				value = rsaJWK("r1", &rsaOther().PublicKey)
			}
			f.rawIDToken = func() string { return compact(f.header.with(name, value), f.claims.json(), rsaOther()) }
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
	f.rawIDToken = func() string { return f.sign(object{"alg": ES256}, f.claims.json()) }
	_, err := f.finish(t)
	if e := (outcome{StageToken, Misconfigured, ReasonIDTokenAlg}).check(t, err); e.Detail != ES256 {
		t.Errorf("detail: got %q", e.Detail)
	}
	f.rawIDToken = func() string { return f.sign(object{"alg": "<evil>"}, f.claims.json()) }
	_, err = f.finish(t)
	if e := (outcome{StageToken, Invalid, ReasonIDTokenAlg}).check(t, err); e.Detail != "" {
		t.Errorf("detail: got %q", e.Detail)
	}
}

func (f *fake) headerWith(kv ...any) string {
	return f.sign(f.header.with(kv...), f.claims.json())
}

func (f *fake) withoutSignature(alg string) string {
	return b64(f.header.with("alg", alg).json()) + "." + b64(f.claims.json()) + "."
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
