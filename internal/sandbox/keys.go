package sandbox

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"sync"

	"github.com/go-jose/go-jose/v4"
)

// signingAlgs are those that ProConnect registers clients with.
var signingAlgs = []string{"RS256", "ES256", "HS256"}

// The key pairs belong to the process, not to a Server: a server made anew when
// the configuration is reloaded would otherwise refuse the id_token_hint of
// everybody who is logged in.
var (
	rsaKey = sync.OnceValues(func() (jose.JSONWebKey, error) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		return named(key, "RS256", err)
	})
	ecKey = sync.OnceValues(func() (jose.JSONWebKey, error) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		return named(key, "ES256", err)
	})
)

// named gives a new key its RFC 7638 thumbprint as kid.
func named(key any, alg string, err error) (jose.JSONWebKey, error) {
	if err != nil {
		return jose.JSONWebKey{}, err
	}
	jwk := jose.JSONWebKey{Key: key, Algorithm: alg, Use: "sig"}
	sum, err := jwk.Thumbprint(crypto.SHA256)
	jwk.KeyID = base64.RawURLEncoding.EncodeToString(sum)
	return jwk, err
}

// key returns what signs with alg. For HS256 that is the client secret's bytes,
// without a kid (OpenID Connect Core §10.1).
func (s *Server) key(alg string) (jose.JSONWebKey, error) {
	switch alg {
	case "HS256":
		return jose.JSONWebKey{Key: []byte(s.cfg.ClientSecret)}, nil
	case "ES256":
		return ecKey()
	}
	return rsaKey()
}

// sign makes a compact JWT whose header is {alg, kid, typ}.
func (s *Server) sign(alg string, claims map[string]any) (string, error) {
	key, err := s.key(alg)
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: key},
		new(jose.SignerOptions).WithType("JWT"),
	)
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return jws.CompactSerialize()
}

// verify returns the payload of a JWT that this process has signed with alg.
func (s *Server) verify(alg, token string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	if err != nil {
		return nil, err
	}
	key, err := s.key(alg)
	if err != nil {
		return nil, err
	}
	if alg == "HS256" {
		return jws.Verify(key.Key)
	}
	return jws.Verify(key.Public())
}

// publicKeys is the JWK set: both key pairs, as the real server publishes keys of
// several types, whatever this client is registered with.
func publicKeys() (jose.JSONWebKeySet, error) {
	rsaPair, err := rsaKey()
	if err != nil {
		return jose.JSONWebKeySet{}, err
	}
	ecPair, err := ecKey()
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{rsaPair.Public(), ecPair.Public()}}, err
}
