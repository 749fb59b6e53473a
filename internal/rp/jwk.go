package rp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
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

// parseKeys reads a JWK set. Each key is read by itself: RFC 7517 section 5 has
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
	var parsed jose.JSONWebKey
	if err := parsed.UnmarshalJSON(raw); err != nil {
		return publicKey{}, false
	}
	k := publicKey{key: parsed.Key}
	switch key := parsed.Key.(type) {
	case *rsa.PublicKey:
		k.alg = RS256
		if !soundRSA(key) {
			return publicKey{}, false
		}
	case *ecdsa.PublicKey: // on its curve: go-jose looks
		k.alg = ES256
		if key.Curve != elliptic.P256() {
			return publicKey{}, false
		}
	default:
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

// soundRSA says whether a key is one that RFC 7518 section 3.3 allows, and that
// somebody may have made.
func soundRSA(key *rsa.PublicKey) bool {
	bits := key.N.BitLen()
	return bits >= minRSABits && bits <= maxRSABits && key.N.Bit(0) == 1 && key.E >= 3 && key.E < 1<<31 && key.E&1 == 1
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
