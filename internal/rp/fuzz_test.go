package rp

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/forge"
)

// offline is a network that is down.
type offline struct{}

// RoundTrip refuses every request.
func (offline) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("offline") }

// offlineProvider knows one RSA key and cannot ask for others.
func offlineProvider() *Provider {
	p := New(Config{
		Issuer: "https://example.gouv.fr", ClientID: testClient, ClientSecret: testSecret,
		SigningAlg: RS256, UserinfoSigningAlg: RS256, Transport: offline{}, Now: func() time.Time { return testNow },
	})
	p.keys.held = &keySet{keys: []publicKey{{"r1", RS256, &rsaOnce().PublicKey}}, fetched: testNow}
	return p
}

var offlineMetadata = &metadata{jwks: "https://example.gouv.fr/jwks"}

func offlineClaims() forge.JSON {
	return forge.JSON{
		"iss": "https://example.gouv.fr", "aud": testClient, "sub": testSubject, "nonce": testNonce,
		"iat": testNow.Unix(), "exp": testNow.Unix() + 3600,
	}
}

// reallySigned verifies a compact JWT with the standard library alone.
func reallySigned(raw string) bool {
	i := strings.LastIndexByte(raw, '.')
	if i < 0 {
		return false
	}
	sig, err := base64.RawURLEncoding.DecodeString(raw[i+1:])
	sum := sha256.Sum256([]byte(raw[:i]))
	return err == nil && rsa.VerifyPKCS1v15(&rsaOnce().PublicKey, crypto.SHA256, sum[:], sig) == nil
}

func seedTokens(f *testing.F) {
	good := forge.Token(forge.JSON{"alg": RS256, "kid": "r1"}, offlineClaims().Bytes(), rsaOnce())
	f.Add(good)
	f.Add(flip(good))
	f.Add(serialised(good))
	f.Add(forge.Token(forge.JSON{"alg": "none"}, offlineClaims().Bytes(), []byte("x")))
	f.Add(forge.Token(forge.JSON{"alg": HS256}, offlineClaims().Bytes(), []byte(testSecret)))
	f.Add("..")
}

func FuzzIDToken(f *testing.F) {
	seedTokens(f)
	p := offlineProvider()
	f.Fuzz(func(t *testing.T, raw string) {
		a := Attempt{Nonce: testNonce, Verifier: testVerifier, RedirectURI: testRedirect}
		got, err := p.verifyIDToken(t.Context(), offlineMetadata, &tokens{access: testAccess, id: raw}, a)
		if (err == nil) != (got != nil) {
			t.Fatalf("got %v, %v", got, err)
		}
		if err == nil && !reallySigned(raw) {
			t.Fatalf("taken without a signature: %q", raw)
		}
	})
}

func FuzzUserinfo(f *testing.F) {
	seedTokens(f)
	p := offlineProvider()
	f.Fuzz(func(t *testing.T, raw string) {
		ans := &answer{status: http.StatusOK, mediaType: "application/jwt", body: []byte(raw)}
		got, err := p.userinfoClaims(t.Context(), offlineMetadata, ans)
		if (err == nil) != (got != nil) {
			t.Fatalf("got %v, %v", got, err)
		}
		if err == nil && !reallySigned(raw) {
			t.Fatalf("taken without a signature: %q", raw)
		}
	})
}

// FuzzIDTokenPayload signs whatever comes, so that the claims are reached.
func FuzzIDTokenPayload(f *testing.F) {
	f.Add(offlineClaims().Bytes())
	f.Add(offlineClaims().With("aud", []string{testClient, "x"}, "azp", testClient).Bytes())
	f.Add([]byte(`{"iss":1,"iss":2}`))
	p := offlineProvider()
	f.Fuzz(func(t *testing.T, payload []byte) {
		a := Attempt{Nonce: testNonce, Verifier: testVerifier, RedirectURI: testRedirect}
		raw := forge.Token(forge.JSON{"alg": RS256, "kid": "r1"}, payload, rsaOnce())
		got, err := p.verifyIDToken(t.Context(), offlineMetadata, &tokens{access: testAccess, id: raw}, a)
		if err != nil {
			return
		}
		var claims struct{ Iss, Sub, Nonce string }
		if err := json.Unmarshal(payload, &claims); err != nil {
			t.Fatal(err)
		}
		if claims.Iss != p.cfg.Issuer || claims.Nonce != testNonce || claims.Sub != got.subject || got.subject == "" {
			t.Fatalf("another reader sees %+v", claims)
		}
	})
}

func FuzzParseResponse(f *testing.F) {
	f.Add("code=c&state=s&iss=https%3A%2F%2Fx")
	f.Add("error=invalid_scope&scope=siret&error_description=%3Cscript%3E&state=s")
	f.Add("code=c&code=d&state=s")
	f.Fuzz(func(t *testing.T, query string) {
		r, err := ParseResponse(query)
		if err != nil {
			if r != (Response{}) {
				t.Fatalf("got %+v beside an error", r)
			}
			return
		}
		if r.State == "" || (r.Code == "") == (r.Error == "") || len(r.Code) > maxCode {
			t.Fatalf("got %+v", r)
		}
		for _, s := range []string{r.Code, r.State, r.Iss, r.Error, r.ErrorDescription, r.Scope} {
			if printableAll(s) != s {
				t.Fatalf("not printable: %q", s)
			}
		}
	})
}

func printableAll(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
}

func FuzzJWKS(f *testing.F) {
	f.Add(forge.JSON{"keys": []any{forge.RSAKey("r1", rsaOnce()), forge.ECKey("e1", ecOnce())}}.Bytes())
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"AA"},{"kty":"EC","crv":"P-256"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		keys, err := parseKeys(body)
		if err != nil {
			return
		}
		for _, k := range keys {
			if r, ok := k.key.(*rsa.PublicKey); ok && (k.alg != RS256 || r.N.BitLen() < minRSABits || r.E < 3) {
				t.Fatalf("weak key %+v", k)
			}
		}
		for _, alg := range []string{HS256, None, ""} {
			if fit := (&keySet{keys: keys}).candidates(alg, "", false); len(fit) != 0 {
				t.Fatalf("key for %q", alg)
			}
		}
	})
}

func FuzzDiscovery(f *testing.F) {
	doc := forge.JSON{
		"issuer": "https://example.gouv.fr", "authorization_endpoint": "https://example.gouv.fr/a", "token_endpoint": "https://example.gouv.fr/t",
		"userinfo_endpoint": "https://example.gouv.fr/u", "jwks_uri": "https://example.gouv.fr/k",
	}
	f.Add(doc.Bytes())
	f.Add(doc.With("token_endpoint", "http://localhost/t").Bytes())
	f.Fuzz(func(t *testing.T, body []byte) {
		md, err := parseMetadata(body, "https://example.gouv.fr")
		if err != nil {
			return
		}
		for _, u := range []string{md.authorization, md.token, md.userinfo, md.jwks} {
			if !strings.HasPrefix(strings.ToLower(u), "https://") || strings.Contains(u, "#") {
				t.Fatalf("unsafe endpoint %q", u)
			}
		}
	})
}

// FuzzParseObject compares with encoding/json: what is taken, it reads alike.
func FuzzParseObject(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":null}],"c":"\u00e9\ud800"}`))
	f.Add([]byte(`{"a":1,"A":2}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := parseObject(data)
		if err != nil {
			return
		}
		var want map[string]any
		d := json.NewDecoder(strings.NewReader(string(data)))
		d.UseNumber()
		if err := d.Decode(&want); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %v, encoding/json %v, %v", got, want, err)
		}
	})
}
