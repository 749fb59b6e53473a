package caddytest

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/forge"
)

// SigningKeys are slow to make: all tests share them. The provider publishes all of
// them, the unusable ones too.
var SigningKeys = sync.OnceValue(func() (k struct {
	RSA, Other, Small *rsa.PrivateKey
	EC, P384          *ecdsa.PrivateKey
},
) {
	k.RSA, k.Other, k.Small = forge.RSA(2048), forge.RSA(2048), forge.RSA(1024)
	k.EC, k.P384 = forge.EC(elliptic.P256()), forge.EC(elliptic.P384())
	return k
})

// OctKey is a symmetric key that the provider publishes: everybody can sign
// with it.
var OctKey = []byte("published-symmetric-key-of-32-by")

// KeySet is what every client publishes: two good keys, and keys by which
// others were fooled.
func KeySet() []any {
	k := SigningKeys()
	forOther := forge.RSAKey("ops", k.Other).With("key_ops", []string{"sign"})
	delete(forOther, "use")
	return []any{
		forge.RSAKey("rsa", k.RSA), forge.ECKey("ec", k.EC),
		JSON{"kty": "oct", "kid": "oct", "k": forge.Base64URL(OctKey)},
		forge.ECKey("p384", k.P384), forge.RSAKey("small", k.Small),
		forge.RSAKey("enc", k.Other).With("use", "enc"), forOther, forge.RSAKey("ps256", k.Other).With("alg", "PS256"),
	}
}

// IDClaims are the claims of a good ID token.
func (g *ProviderLogin) IDClaims() JSON {
	now := time.Now().Unix()
	claims := JSON{
		"iss": g.Client.issuer(), "aud": ClientID, "nonce": g.Request.Get("nonce"), "iat": now, "exp": now + 3600,
		"auth_time": now, "at_hash": forge.LeftHalf(g.Access), "amr": []string{"pwd"},
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
	token := forge.Token(header, []byte(payload), keyFor(header["alg"]))
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

// Resigned signs a token anew, under another header, with any key.
func Resigned(header JSON, key any) func(string, *ProviderLogin) string {
	return func(token string, _ *ProviderLogin) string {
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
		if err != nil {
			panic(err)
		}
		return forge.Token(header, payload, key)
	}
}
