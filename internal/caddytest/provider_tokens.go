package caddytest

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"strings"
	"sync"
	"time"
)

// SigningKeys are slow to make: all tests share them. The provider publishes all of
// them, the unusable ones too.
var SigningKeys = sync.OnceValue(func() (k struct {
	RSA, Other, Small *rsa.PrivateKey
	EC, P384          *ecdsa.PrivateKey
},
) {
	k.RSA, k.Other, k.Small = rsaKeys(2048), rsaKeys(2048), rsaKeys(1024)
	k.EC, k.P384 = ecKeys(elliptic.P256()), ecKeys(elliptic.P384())
	return k
})

// OctKey is a symmetric key that the provider publishes: everybody can sign
// with it.
var OctKey = []byte("published-symmetric-key-of-32-by")

func rsaKeys(bits int) *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return k
}

func ecKeys(curve elliptic.Curve) *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
}

// Base64URL is RFC 7515 appendix C.
func Base64URL(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

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

// KeySet is what every client publishes: two good keys, and keys by which
// others were fooled.
func KeySet() []any {
	k := SigningKeys()
	forOther := RSAKey("ops", k.Other).With("key_ops", []string{"sign"})
	delete(forOther, "use")
	return []any{
		RSAKey("rsa", k.RSA), ECKey("ec", k.EC),
		JSON{"kty": "oct", "kid": "oct", "k": Base64URL(OctKey)},
		ECKey("p384", k.P384), RSAKey("small", k.Small),
		RSAKey("enc", k.Other).With("use", "enc"), forOther, RSAKey("ps256", k.Other).With("alg", "PS256"),
	}
}

// IDClaims are the claims of a good ID token.
func (g *ProviderLogin) IDClaims() JSON {
	now := time.Now().Unix()
	sum := sha256.Sum256([]byte(g.Access))
	claims := JSON{
		"iss": g.Client.issuer(), "aud": ClientID, "nonce": g.Request.Get("nonce"), "iat": now, "exp": now + 3600,
		"auth_time": now, "at_hash": Base64URL(sum[:16]), "amr": []string{"pwd"},
	}
	g.Client.p.Mu.Lock()
	defer g.Client.p.Mu.Unlock()
	claims["sub"], claims["acr"] = g.Client.Claims["sub"], g.acr()
	if g.Client.Pad != "" {
		claims["pad"] = g.Client.Pad
	}
	return claims
}

// acr is the client's own level, else the first that was asked for.
func (g *ProviderLogin) acr() string {
	if values := g.requestedACR(); g.Client.ACR == "" && len(values) > 0 {
		return values[0]
	}
	return cmp.Or(g.Client.ACR, "eidas1")
}

// requestedACR reads the essential acr values of the authorization request.
func (g *ProviderLogin) requestedACR() []string {
	var claims struct {
		IDToken struct {
			ACR struct{ Values []string }
		} `json:"id_token"`
	}
	if json.Unmarshal([]byte(g.Request.Get("claims")), &claims) != nil {
		return nil
	}
	return claims.IDToken.ACR.Values
}

// person is good userinfo.
func (g *ProviderLogin) person() JSON {
	g.Client.p.Mu.Lock()
	defer g.Client.p.Mu.Unlock()
	return maps.Clone(g.Client.Claims)
}

// signed are the claims of userinfo that is signed.
func (g *ProviderLogin) signed(person JSON) JSON {
	now := time.Now().Unix()
	return person.With("iss", g.Client.issuer(), "aud", ClientID, "iat", now, "exp", now+3600)
}

// make signs claims, changed as told.
func (j TokenChanges) make(g *ProviderLogin, alg string, claims JSON) string {
	header := JSON{"alg": alg, "typ": "JWT"}
	if kid := map[string]string{"RS256": "rsa", "ES256": "ec"}[alg]; kid != "" {
		header["kid"] = kid
	}
	if j.Header != nil {
		j.Header(header)
	}
	if j.Claims != nil {
		j.Claims(claims, g)
	}
	payload := claims.String()
	if j.Payload != nil {
		payload = j.Payload(payload)
	}
	token := signWith(header.String(), payload, keyFor(header["alg"]))
	if j.Whole != nil {
		token = j.Whole(token, g)
	}
	return token
}

// keyFor is the provider's own key for an algorithm.
func keyFor(alg any) any {
	switch alg {
	case "ES256":
		return SigningKeys().EC
	case "HS256":
		return []byte(ClientSecret)
	}
	return SigningKeys().RSA
}

// signWith makes a compact JWT of anything, with any key.
func signWith(header, payload string, key any) string {
	input := Base64URL([]byte(header)) + "." + Base64URL([]byte(payload))
	return input + "." + Base64URL(rawSignature(input, key))
}

func rawSignature(input string, key any) []byte {
	sum := sha256.Sum256([]byte(input))
	switch k := key.(type) {
	case []byte:
		m := hmac.New(sha256.New, k)
		m.Write([]byte(input))
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
	}
	return nil
}

// Resigned signs a token anew, under another header, with any key.
func Resigned(header JSON, key any) func(string, *ProviderLogin) string {
	return func(token string, _ *ProviderLogin) string {
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
		if err != nil {
			panic(err)
		}
		return signWith(header.String(), string(payload), key)
	}
}
