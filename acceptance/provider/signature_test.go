package provider_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
)

// IDToken changes the ID token after it was signed.
func idToken(change func(string, *providerLogin) string) misconduct {
	return misconduct{ID: tokenChanges{Whole: change}}
}

// idHeader changes a field of the ID token's header, before it is signed.
func idHeader(name string, value any) misconduct {
	return misconduct{ID: tokenChanges{Header: changedField(name, value)}}
}

func changedField(name string, value any) func(jsonObject) {
	return func(d jsonObject) {
		if value == nil {
			delete(d, name)
			return
		}
		d[name] = value
	}
}

// text changes a token without knowing whose it is.
func text(change func(string) string) func(string, *providerLogin) string {
	return func(token string, _ *providerLogin) string { return change(token) }
}

// unsigned puts a header and a signature around the token's payload.
func unsigned(header jsonObject, signature string) func(string, *providerLogin) string {
	return text(func(token string) string {
		return b64([]byte(header.String())) + "." + strings.Split(token, ".")[1] + "." + signature
	})
}

// flipped changes bits of the signature.
func flipped(token string) string {
	i := strings.LastIndexByte(token, '.') + 1
	signature, err := base64.RawURLEncoding.DecodeString(token[i:])
	if err != nil {
		panic(err)
	}
	signature[7] ^= 0x55
	return token[:i] + b64(signature)
}

// serialised is the JSON serialisation of a token (RFC 7515 §7.2.2).
func serialised(token string) string {
	p := strings.Split(token, ".")
	return jsonObject{"protected": p[0], "payload": p[1], "signature": p[2]}.String()
}

// signatureRows is section 2: RFC 8725, RFC 7515, RFC 7517.
func signatureRows() []tableRow {
	k := signingKeys()
	rs := func(kid string) jsonObject { return jsonObject{"alg": "RS256", "typ": "JWT", "kid": kid} }
	hs, es := jsonObject{"alg": "HS256", "kid": "oct"}, jsonObject{"alg": "ES256", "kid": "p384"}
	const none, malformed, bad = "id token is not signed with the configured algorithm", "not a compact JWT", "signature not verified"
	rows := []tableRow{
		{name: "alg none", wrong: idToken(unsigned(jsonObject{"alg": "none"}, "")), log: malformed},
		{name: "alg none, with a signature", wrong: idToken(unsigned(jsonObject{"alg": "none"}, "AA")), log: none},
		{name: "alg None", wrong: idToken(unsigned(jsonObject{"alg": "None"}, "AA")), log: none},
		{name: "alg nOnE", wrong: idToken(unsigned(jsonObject{"alg": "nOnE"}, "AA")), log: none},
		{name: "empty signature", wrong: idToken(unsigned(rs("rsa"), "")), log: malformed},
		{name: "bits flipped", wrong: idToken(text(flipped)), log: bad},
		{name: "ES256, bits flipped", on: "es-flipped", jwks: 2, wrong: idToken(text(flipped)), log: bad},
		{name: "ES256 r=s=0", on: "es-zero", jwks: 2, wrong: idToken(unsigned(jsonObject{"alg": "ES256", "kid": "ec"}, b64(make([]byte, 64)))), log: bad},
		{name: "HS256, bits flipped", on: "hs", wrong: idToken(text(flipped)), log: bad},
		{name: "HS256 against an oct key published in the JWKS, HS256 configured", on: "hs", wrong: idToken(resigned(hs, octKey)), log: bad},
		{name: "ES256 header with a P-384 key", on: "es-p384", jwks: 2, wrong: idToken(resigned(es, k.P384)), log: bad},
		{name: "RS256 header with an EC key", wrong: idToken(resigned(rs("ec"), k.EC)), log: bad},
		{name: "RS256 header with an oct key", wrong: idToken(resigned(rs("oct"), octKey)), log: bad},
		{name: "RSA 1024 bits", wrong: idToken(resigned(rs("small"), k.Small)), log: bad},
		{name: "key with use:enc", wrong: idToken(resigned(rs("enc"), k.Other)), log: bad},
		{name: "key_ops without verify", wrong: idToken(resigned(rs("ops"), k.Other)), log: bad},
		{name: "key of another alg", wrong: idToken(resigned(rs("ps256"), k.Other)), log: bad},
		{name: "crit with an unknown name", wrong: idToken(resigned(rs("rsa").With("crit", []string{"x"}, "x", 1), k.RSA)), log: "JWT header"},
		{name: "b64:false", wrong: idToken(resigned(rs("rsa").With("crit", []string{"b64"}, "b64", false), k.RSA)), log: "JWT header"},
		{name: "jwk in the header", wrong: idToken(resigned(rs("rsa").With("jwk", rsaKey("rsa", k.Other)), k.Other)), log: bad},
		{name: "jku in the header", wrong: idToken(ownKeysAt("jku")), log: bad},
		{name: "x5u in the header", wrong: idToken(ownKeysAt("x5u")), log: bad},
		{name: "kid ../../dev/null", wrong: idHeader("kid", "../../dev/null"), log: bad},
		{name: "kid 10 kB", wrong: idHeader("kid", strings.Repeat("k", 10<<10)), log: bad},
		{name: "kid unknown", wrong: idHeader("kid", "unheard-of"), log: bad},
		{name: "typ at+jwt", wrong: idHeader("typ", "at+jwt"), log: "JWT header"},
		{name: "typ logout+jwt", wrong: idHeader("typ", "logout+jwt"), log: "JWT header"},
		{name: "JSON serialisation", wrong: idToken(text(serialised)), log: malformed},
		{name: "white space inside", wrong: idToken(text(func(s string) string { return strings.Replace(s, ".", ". ", 1) })), log: malformed},
		{name: "newlines inside", wrong: idToken(text(func(s string) string { return s[:20] + "\r\n" + s[20:] })), log: malformed},
		{name: "newline at the end", wrong: idToken(text(func(s string) string { return s + "\n" })), log: malformed},
		{name: "2 parts", wrong: idToken(text(func(s string) string { return s[:strings.LastIndexByte(s, '.')] })), log: malformed},
		{name: "4 parts", wrong: idToken(text(func(s string) string { return s + ".AA" })), log: malformed},
		{name: "5 parts", status: 500, page: "problem misconfigured", wrong: idToken(text(func(s string) string { return s + ".AA.AA" })), log: "encrypted"},
		{name: "padding", wrong: idToken(text(func(s string) string { return s + "==" })), log: malformed},
		{
			name: "8 MB token", on: "fresh", status: 503, page: "problem provider_unavailable", log: "answer too large",
			wrong: idToken(text(func(s string) string { return s + strings.Repeat("A", 8<<20) })),
		},
	}
	for i := range rows {
		rows[i].want = "T"
		if rows[i].log == bad && rows[i].on == "" {
			// The keys are fetched, and once more: the provider may just have changed
			// them. How often that is done is bounded, so each has a client of its own.
			rows[i].on, rows[i].jwks = "fresh", 2
		}
	}
	return append(rows, wrongAlgorithms()...)
}

// ownKeysAt lets a token say where its key is, and signs it with that key.
func ownKeysAt(field string) func(string, *providerLogin) string {
	return func(token string, g *providerLogin) string {
		header := jsonObject{"alg": "RS256", "kid": "rsa", field: g.Client.URL + "/elsewhere"}
		return resigned(header, signingKeys().Other)(token, g)
	}
}

// wrongAlgorithms: a token of another algorithm than the configured one is
// refused though its signature is good, and the log says which option to set.
func wrongAlgorithms() []tableRow {
	k := signingKeys()
	var rows []tableRow
	for _, c := range []struct {
		on, alg string
		key     any
	}{
		{"rs", "ES256", k.EC}, {"rs", "HS256", []byte(clientSecret)}, {"es", "RS256", k.RSA}, {"hs", "RS256", k.RSA}, {"rs", "HS256", octKey},
	} {
		rows = append(rows, tableRow{
			name: "another algorithm than the configured one, though validly signed/" + c.alg + " for " + c.on, on: c.on, want: "T",
			status: 500, page: "problem misconfigured", log: `"remedy":"set signing_alg`,
			wrong: idToken(resigned(jsonObject{"alg": c.alg, "kid": map[string]string{"ES256": "ec", "RS256": "rsa"}[c.alg]}, c.key)),
		})
	}
	// A library that takes one key for any algorithm takes the public one, which
	// everybody has, for the secret of an HMAC, in the form in which it was given it.
	for name, key := range rsaPublicForms() {
		wrong := idToken(resigned(jsonObject{"alg": "HS256", "typ": "JWT", "kid": "rsa"}, key))
		rows = append(
			rows,
			tableRow{
				name: "HS256 keyed with the RSA public key/" + name, want: "T", status: 500, page: "problem misconfigured",
				wrong: wrong, log: "configured algorithm",
			},
			tableRow{
				name: "HS256 keyed with the RSA public key, HS256 configured/" + name, on: "hs", want: "T",
				wrong: wrong, log: "signature not verified",
			},
		)
	}
	return append(
		rows,
		tableRow{name: "HS256 configured, correct secret", on: "hs", want: "ok"},
		tableRow{name: "ES256 configured", on: "es", want: "ok"},
		tableRow{name: "typ JWT", wrong: idHeader("typ", "JWT"), want: "ok"},
		tableRow{name: "typ absent", wrong: idHeader("typ", nil), want: "ok"},
	)
}

// rsaPublicForms are what programs hold an RSA public key as.
func rsaPublicForms() map[string][]byte {
	public := &signingKeys().RSA.PublicKey
	pkix, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		panic(err)
	}
	forms := map[string][]byte{
		"PKIX": pkix, "PKCS 1": x509.MarshalPKCS1PublicKey(public), "modulus": public.N.Bytes(),
		"JWK": []byte(rsaKey("rsa", signingKeys().RSA).String()), "JWK set": []byte(jsonObject{"keys": keySet()}.String()),
	}
	for form, kind := range map[string]string{"PKIX": "PUBLIC KEY", "PKCS 1": "RSA PUBLIC KEY"} {
		text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: forms[form]})
		forms["PEM of "+form] = text
		forms["PEM of "+form+" without its last newline"] = bytes.TrimSuffix(text, []byte("\n"))
	}
	return forms
}

// endlessToken counts what the provider gets rid of, of a token that would be
// 64 MB: no more is read than an answer may have, and the rest is what the two
// sockets hold.
func (h *world) endlessToken(t *testing.T) {
	const size, most = 64 << 20, 16 << 20
	sent := make(chan int, 1)
	h.row(t, tableRow{
		on: "fresh", want: "T", status: 503, page: "problem provider_unavailable", log: "answer too large",
		wrong: rawly("token", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			n, err := w.Write([]byte(`{"access_token":"abc","token_type":"Bearer","id_token":"`))
			for chunk := bytes.Repeat([]byte("A"), 64<<10); err == nil && n < size; n += len(chunk) {
				_, err = w.Write(chunk)
			}
			sent <- n
		}),
	})
	if n := <-sent; n > most {
		t.Errorf("%d bytes of the token were taken", n)
	}
}
