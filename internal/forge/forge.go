// Package forge makes keys and tokens for tests, good ones and such as no provider may
// send. It shares no code with what verifies them.
package forge

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
)

// JSON is a JSON object.
type JSON map[string]any

// String is how the object is sent.
func (d JSON) String() string { return string(d.Bytes()) }

// Bytes is the same.
func (d JSON) Bytes() []byte {
	b, err := json.Marshal(d)
	if err != nil {
		panic(err)
	}
	return b
}

// With returns another object with further members, in pairs of name and value; nil takes
// one out.
func (d JSON) With(kv ...any) JSON {
	d = maps.Clone(d)
	for i := 0; i < len(kv); i += 2 {
		if kv[i+1] == nil {
			delete(d, kv[i].(string))
			continue
		}
		d[kv[i].(string)] = kv[i+1]
	}
	return d
}

// RSA makes a key, which takes its time: tests share them.
func RSA(bits int) *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return k
}

// EC makes a key.
func EC(curve elliptic.Curve) *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
}

// Base64URL is RFC 7515 appendix C.
func Base64URL(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// LeftHalf is what at_hash is of an access token (OpenID Connect Core §3.1.3.6).
func LeftHalf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return Base64URL(sum[:len(sum)/2])
}

// RSAKey is a public key as a JWK.
func RSAKey(kid string, k *rsa.PrivateKey) JSON {
	return JSON{"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": Base64URL(k.N.Bytes()), "e": Base64URL(big.NewInt(int64(k.E)).Bytes())}
}

// ECKey is a public key as a JWK.
func ECKey(kid string, k *ecdsa.PrivateKey) JSON {
	point, err := k.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	half := len(point) / 2
	return JSON{"kty": "EC", "kid": kid, "use": "sig", "crv": k.Curve.Params().Name, "x": Base64URL(point[1 : 1+half]), "y": Base64URL(point[1+half:])}
}

// Token makes a compact JWT, with any key.
func Token(header JSON, payload []byte, key any) string {
	return RawToken(header.Bytes(), payload, key)
}

// RawToken makes a compact JWT of anything, with any key.
func RawToken(header, payload []byte, key any) string {
	input := Base64URL(header) + "." + Base64URL(payload)
	return input + "." + Base64URL(signature([]byte(input), key))
}

// signature signs as the key is, whatever a header says: HS256, RS256, or ES256 with any
// curve.
func signature(input []byte, key any) []byte {
	sum := sha256.Sum256(input)
	switch k := key.(type) {
	case []byte:
		m := hmac.New(sha256.New, k)
		m.Write(input)
		return m.Sum(nil)
	case *rsa.PrivateKey:
		s, err := rsa.SignPKCS1v15(nil, k, crypto.SHA256, sum[:])
		if err != nil {
			panic(err)
		}
		return s
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, sum[:])
		if err != nil {
			panic(err)
		}
		size := (k.Curve.Params().BitSize + 7) / 8
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
	case nil:
		return nil
	}
	panic(fmt.Sprintf("key %T", key))
}
