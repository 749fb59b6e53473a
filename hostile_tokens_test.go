package proconnect_test

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
	"math/big"
	"strings"
	"sync"
	"time"
)

// Keys are slow to make: all tests share them. The provider publishes all of
// them, the unusable ones too.
var hostileKeys = sync.OnceValue(func() (k struct {
	rsa, other, small *rsa.PrivateKey
	ec                *ecdsa.PrivateKey
	p384              *ecdsa.PrivateKey
},
) {
	k.rsa, k.other, k.small = hostileRSA(2048), hostileRSA(2048), hostileRSA(1024)
	k.ec, k.p384 = hostileEC(elliptic.P256()), hostileEC(elliptic.P384())
	return k
})

// hostileOct is a symmetric key that the provider publishes: everybody can sign
// with it.
var hostileOct = []byte("published-symmetric-key-of-32-by")

func hostileRSA(bits int) *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return k
}

func hostileEC(curve elliptic.Curve) *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func hostileRSAKey(kid string, k *rsa.PrivateKey) hostileDoc {
	return hostileDoc{"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": b64(k.N.Bytes()), "e": b64(big.NewInt(int64(k.E)).Bytes())}
}

func hostileECKey(kid string, k *ecdsa.PrivateKey) hostileDoc {
	point, err := k.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	half := len(point) / 2
	return hostileDoc{"kty": "EC", "kid": kid, "use": "sig", "crv": k.Curve.Params().Name, "x": b64(point[1 : 1+half]), "y": b64(point[1+half:])}
}

// hostileKeySet is what every link publishes: two good keys, and keys by which
// others were fooled.
func hostileKeySet() []any {
	k := hostileKeys()
	forOther := hostileRSAKey("ops", k.other).with("key_ops", []string{"sign"})
	delete(forOther, "use")
	return []any{
		hostileRSAKey("rsa", k.rsa), hostileECKey("ec", k.ec),
		hostileDoc{"kty": "oct", "kid": "oct", "k": b64(hostileOct)},
		hostileECKey("p384", k.p384), hostileRSAKey("small", k.small),
		hostileRSAKey("enc", k.other).with("use", "enc"), forOther, hostileRSAKey("ps256", k.other).with("alg", "PS256"),
	}
}

// idClaims are the claims of a good ID token.
func (g *hostileLogin) idClaims() hostileDoc {
	now := time.Now().Unix()
	sum := sha256.Sum256([]byte(g.access))
	acr := "eidas1"
	if values := g.requestedACR(); len(values) > 0 {
		acr = values[0]
	}
	return hostileDoc{
		"iss": g.link.issuer, "aud": hostileClientID, "sub": hostileSub, "nonce": g.request.Get("nonce"),
		"iat": now, "exp": now + 3600, "auth_time": now, "at_hash": b64(sum[:16]), "acr": acr, "amr": []string{"pwd"},
	}
}

// requestedACR reads the essential acr values of the authorization request.
func (g *hostileLogin) requestedACR() []string {
	var claims struct {
		IDToken struct {
			ACR struct{ Values []string }
		} `json:"id_token"`
	}
	if json.Unmarshal([]byte(g.request.Get("claims")), &claims) != nil {
		return nil
	}
	return claims.IDToken.ACR.Values
}

// person is good userinfo.
func (g *hostileLogin) person() hostileDoc {
	now := time.Now().Unix()
	return hostileDoc{
		"iss": g.link.issuer, "aud": hostileClientID, "iat": now, "exp": now + 3600, "sub": hostileSub,
		"given_name": "Jeanne", "usual_name": "Exemple", "email": "jeanne@example.gouv.fr", "uid": "jeanne",
		"siret": "13002526500013", "idp_id": "71144ab3-ee1a-4401-b7b3-79b44f7daeeb",
		"roles": []string{"agent_public"}, "organization_label": "DINUM",
	}
}

// make signs claims, changed as told.
func (j hostileJWT) make(g *hostileLogin, alg string, claims hostileDoc) string {
	header := hostileDoc{"alg": alg, "typ": "JWT"}
	if kid := map[string]string{"RS256": "rsa", "ES256": "ec"}[alg]; kid != "" {
		header["kid"] = kid
	}
	if j.header != nil {
		j.header(header)
	}
	if j.claims != nil {
		j.claims(claims, g)
	}
	payload := claims.String()
	if j.payload != nil {
		payload = j.payload(payload)
	}
	token := hostileSign(header.String(), payload, hostileKeyFor(header["alg"]))
	if j.whole != nil {
		token = j.whole(token, g)
	}
	return token
}

// hostileKeyFor is the provider's own key for an algorithm.
func hostileKeyFor(alg any) any {
	switch alg {
	case "ES256":
		return hostileKeys().ec
	case "HS256":
		return []byte(hostileSecret)
	}
	return hostileKeys().rsa
}

// hostileSign makes a compact JWT of anything, with any key.
func hostileSign(header, payload string, key any) string {
	input := b64([]byte(header)) + "." + b64([]byte(payload))
	return input + "." + b64(hostileSignature(input, key))
}

func hostileSignature(input string, key any) []byte {
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

// resigned signs a token anew, under another header, with any key.
func resigned(header hostileDoc, key any) func(string, *hostileLogin) string {
	return func(token string, _ *hostileLogin) string {
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
		if err != nil {
			panic(err)
		}
		return hostileSign(header.String(), string(payload), key)
	}
}
