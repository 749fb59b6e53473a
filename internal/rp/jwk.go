package rp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"time"
)

const (
	maxKeys    = 100
	minRSABits = 2048
	maxRSABits = 8192 // a larger modulus only costs time
)

// keySet is the usable part of a JWK set.
type keySet struct {
	keys    []publicKey
	fetched time.Time
}

// publicKey is a key that may verify signatures.
type publicKey struct {
	id  string
	alg string // the one algorithm that the key is for; never empty
	key crypto.PublicKey
}

// candidates returns the keys for an algorithm: those with the token's kid, or
// all where it has none.
func (s *keySet) candidates(alg, kid string, hasKid bool) []publicKey {
	var fit []publicKey
	for _, k := range s.keys {
		if k.alg == alg && (!hasKid || k.id == kid) {
			fit = append(fit, k)
		}
	}
	return fit
}

// parseKeys reads a JWK set. Each key stands for itself: RFC 7517 section 5 has
// those ignored that are not understood.
func parseKeys(body []byte) ([]publicKey, error) {
	raw, err := rawMember(body, "keys")
	if err != nil {
		return nil, err
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil || list == nil {
		return nil, errJSON
	}
	var keys []publicKey
	for _, raw := range list[:min(len(list), maxKeys)] {
		if k, ok := parseKey(raw); ok {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

// parseKey reads one JWK, if it is a public key for a signature algorithm that
// can be configured. A symmetric key is never one: a token "signed" with what
// everybody can read proves nothing.
func parseKey(raw []byte) (publicKey, bool) {
	jwk, err := parseObject(raw)
	if err != nil || !forVerifying(jwk) {
		return publicKey{}, false
	}
	var k publicKey
	switch jwk["kty"] {
	case "RSA":
		k.alg, k.key = RS256, rsaKey(jwk)
	case "EC":
		k.alg, k.key = ES256, p256Key(jwk)
	}
	if k.key == nil {
		return publicKey{}, false
	}
	// RFC 7517 section 4.4: a key for PS256 or RS512 is none for RS256.
	if alg, present := jwk["alg"]; present && alg != k.alg {
		return publicKey{}, false
	}
	id, present := jwk["kid"]
	if k.id, _ = id.(string); present && k.id == "" {
		return publicKey{}, false
	}
	return k, true
}

// forVerifying reads use and key_ops (RFC 7517 sections 4.2 and 4.3).
func forVerifying(jwk map[string]any) bool {
	if use, present := jwk["use"]; present && use != "sig" {
		return false
	}
	ops, present := jwk["key_ops"]
	if !present {
		return true
	}
	list, _ := ops.([]any)
	return slices.Contains(list, any("verify"))
}

// rsaKey reads an RSA public key (RFC 7518 section 6.3.1), or returns nil.
func rsaKey(jwk map[string]any) crypto.PublicKey {
	n, e := bigMember(jwk, "n"), bigMember(jwk, "e")
	if n == nil || n.BitLen() < minRSABits || n.BitLen() > maxRSABits || n.Bit(0) == 0 {
		return nil
	}
	if e == nil || e.BitLen() > 31 || e.Int64() < 3 || e.Bit(0) == 0 {
		return nil
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}
}

// p256Key reads a public key on P-256 (RFC 7518 section 6.2.1), or returns nil.
func p256Key(jwk map[string]any) crypto.PublicKey {
	x, y := bytesMember(jwk, "x"), bytesMember(jwk, "y")
	if jwk["crv"] != "P-256" || len(x) != 32 || len(y) != 32 {
		return nil
	}
	k, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
	if err != nil {
		return nil
	}
	return k
}

func bigMember(jwk map[string]any, name string) *big.Int {
	b := bytesMember(jwk, name)
	if len(b) == 0 || len(b) > maxRSABits/8+1 {
		return nil
	}
	return new(big.Int).SetBytes(b)
}

func bytesMember(jwk map[string]any, name string) []byte {
	s, _ := jwk[name].(string)
	b, ok := decodeBase64URL(s)
	if !ok {
		return nil
	}
	return b
}

// decodeBase64URL is RFC 7515 appendix C, and nothing more: the decoder alone
// skips line breaks.
func decodeBase64URL(s string) ([]byte, bool) {
	if s == "" || strings.ContainsAny(s, "\r\n") {
		return nil, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return b, err == nil
}
