package provider_test

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
var signingKeys = sync.OnceValue(func() (k struct {
	rsa, other, small *rsa.PrivateKey
	ec                *ecdsa.PrivateKey
	p384              *ecdsa.PrivateKey
},
) {
	k.rsa, k.other, k.small = rsaKeys(2048), rsaKeys(2048), rsaKeys(1024)
	k.ec, k.p384 = ecKeys(elliptic.P256()), ecKeys(elliptic.P384())
	return k
})

// octKey is a symmetric key that the provider publishes: everybody can sign
// with it.
var octKey = []byte("published-symmetric-key-of-32-by")

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

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func rsaKey(kid string, k *rsa.PrivateKey) jsonObject {
	return jsonObject{"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": b64(k.N.Bytes()), "e": b64(big.NewInt(int64(k.E)).Bytes())}
}

func ecKey(kid string, k *ecdsa.PrivateKey) jsonObject {
	point, err := k.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	half := len(point) / 2
	return jsonObject{"kty": "EC", "kid": kid, "use": "sig", "crv": k.Curve.Params().Name, "x": b64(point[1 : 1+half]), "y": b64(point[1+half:])}
}

// keySet is what every client publishes: two good keys, and keys by which
// others were fooled.
func keySet() []any {
	k := signingKeys()
	forOther := rsaKey("ops", k.other).with("key_ops", []string{"sign"})
	delete(forOther, "use")
	return []any{
		rsaKey("rsa", k.rsa), ecKey("ec", k.ec),
		jsonObject{"kty": "oct", "kid": "oct", "k": b64(octKey)},
		ecKey("p384", k.p384), rsaKey("small", k.small),
		rsaKey("enc", k.other).with("use", "enc"), forOther, rsaKey("ps256", k.other).with("alg", "PS256"),
	}
}

// idClaims are the claims of a good ID token.
func (g *providerLogin) idClaims() jsonObject {
	now := time.Now().Unix()
	sum := sha256.Sum256([]byte(g.access))
	acr := "eidas1"
	if values := g.requestedACR(); len(values) > 0 {
		acr = values[0]
	}
	return jsonObject{
		"iss": g.client.issuer, "aud": clientID, "sub": subject, "nonce": g.request.Get("nonce"),
		"iat": now, "exp": now + 3600, "auth_time": now, "at_hash": b64(sum[:16]), "acr": acr, "amr": []string{"pwd"},
	}
}

// requestedACR reads the essential acr values of the authorization request.
func (g *providerLogin) requestedACR() []string {
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
func (g *providerLogin) person() jsonObject {
	now := time.Now().Unix()
	return jsonObject{
		"iss": g.client.issuer, "aud": clientID, "iat": now, "exp": now + 3600, "sub": subject,
		"given_name": "Jeanne", "usual_name": "Exemple", "email": "jeanne@example.gouv.fr", "uid": "jeanne",
		"siret": "13002526500013", "idp_id": "71144ab3-ee1a-4401-b7b3-79b44f7daeeb",
		"roles": []string{"agent_public"}, "organization_label": "DINUM",
	}
}

// make signs claims, changed as told.
func (j tokenChanges) make(g *providerLogin, alg string, claims jsonObject) string {
	header := jsonObject{"alg": alg, "typ": "JWT"}
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
	token := signWith(header.String(), payload, keyFor(header["alg"]))
	if j.whole != nil {
		token = j.whole(token, g)
	}
	return token
}

// keyFor is the provider's own key for an algorithm.
func keyFor(alg any) any {
	switch alg {
	case "ES256":
		return signingKeys().ec
	case "HS256":
		return []byte(clientSecret)
	}
	return signingKeys().rsa
}

// signWith makes a compact JWT of anything, with any key.
func signWith(header, payload string, key any) string {
	input := b64([]byte(header)) + "." + b64([]byte(payload))
	return input + "." + b64(rawSignature(input, key))
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

// resigned signs a token anew, under another header, with any key.
func resigned(header jsonObject, key any) func(string, *providerLogin) string {
	return func(token string, _ *providerLogin) string {
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
		if err != nil {
			panic(err)
		}
		return signWith(header.String(), string(payload), key)
	}
}
