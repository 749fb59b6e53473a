package rp

import (
	"crypto/elliptic"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/forge"
)

// One key that nobody understands must not spoil the set.
func TestUnusableKeys(t *testing.T) {
	good := forge.RSAKey("r1", rsaOnce())
	for name, key := range map[string]any{
		"unknown kty":       forge.JSON{"kty": "AKP", "kid": "x", "alg": "ML-DSA-44", "pub": "AA"},
		"no kty":            forge.JSON{"kid": "x"},
		"kty list":          forge.JSON{"kty": []string{"RSA"}},
		"unknown curve":     forge.JSON{"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA"},
		"point off curve":   forge.JSON{"kty": "EC", "crv": "P-256", "x": forge.Base64URL(make([]byte, 32)), "y": forge.Base64URL(make([]byte, 32))},
		"Ed25519":           forge.JSON{"kty": "OKP", "crv": "Ed25519", "x": forge.Base64URL(make([]byte, 32))},
		"modulus no base64": good.With("n", "***"),
		"modulus number":    good.With("n", 12),
		"modulus empty":     good.With("n", ""),
		"modulus even":      good.With("n", forge.Base64URL(append(rsaOnce().N.Bytes()[:255:255], 2))),
		"modulus huge":      good.With("n", forge.Base64URL(append(make([]byte, 1), []byte(strings.Repeat("\xff", 4096))...))),
		"modulus too long":  good.With("n", forge.Base64URL([]byte("\x01"+strings.Repeat("\xff", 1024)))), // 8 193 bits
		"exponent 1":        good.With("e", "AQ"),
		"exponent even":     good.With("e", "BA"),
		"exponent huge":     good.With("e", forge.Base64URL([]byte("\xff\xff\xff\xff\xff"))),
		"kid number":        good.With("kid", 1),
		"use list":          good.With("use", []string{"sig"}),
		"key ops string":    good.With("key_ops", "verify"),
		"alg RS512":         good.With("alg", "RS512"),
		"alg map":           good.With("alg", forge.JSON{}),
		"string":            "key",
		"null":              nil,
		"oct":               forge.JSON{"kty": "oct", "kid": "r1", "alg": "HS256", "k": forge.Base64URL([]byte(testSecret))},
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := parseKeys(forge.JSON{"keys": []any{key}}.Bytes())
			if err != nil || len(keys) != 0 {
				t.Errorf("alone: got %d keys, %v", len(keys), err)
			}
			keys, err = parseKeys(forge.JSON{"keys": []any{key, good}}.Bytes())
			if err != nil || len(keys) != 1 {
				t.Errorf("before a good one: got %d keys, %v", len(keys), err)
			}
		})
	}
}

func TestKeySetForms(t *testing.T) {
	good := string(forge.RSAKey("r1", rsaOnce()).Bytes())
	for name, row := range map[string]struct {
		body string
		keys int // -1: an error
	}{
		"none":          {`{"keys":[]}`, 0},
		"key ops":       {`{"keys":[` + strings.Replace(good, `"use":"sig"`, `"key_ops":["verify"]`, 1) + `]}`, 1},
		"key twice n":   {`{"keys":[{"n":"AA",` + good[1:] + `,` + good + `]}`, 1},
		"missing":       {`{}`, -1},
		"null":          {`{"keys":null}`, -1},
		"object":        {`{"keys":{}}`, -1},
		"twice":         {`{"keys":[],"keys":[` + good + `]}`, -1},
		"other case":    {`{"Keys":[` + good + `]}`, -1},
		"trailing":      {`{"keys":[]}x`, -1},
		"list":          {`[` + good + `]`, -1},
		"101, one good": {`{"keys":[` + strings.Repeat(`{},`, 100) + good + `]}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := parseKeys([]byte(row.body))
			if (err != nil) != (row.keys < 0) || err == nil && len(keys) != row.keys {
				t.Errorf("got %d keys, %v; want %d", len(keys), err, row.keys)
			}
		})
	}
}

func TestTokenWithoutKid(t *testing.T) {
	f := newFake(t, RS256, RS256)
	f.keys = []any{
		forge.RSAKey("other", rsaOther()), forge.ECKey("e1", ecOnce()),
		forge.ECKey("p384", forge.EC(elliptic.P384())), forge.RSAKey("mine", rsaOnce()).With("kid", nil),
	}
	f.header = f.header.With("kid", nil)
	if _, err := f.finish(t); err != nil {
		t.Error(err)
	}
	if n := f.count("/jwks"); n != 1 {
		t.Errorf("key fetches: got %d, want 1", n)
	}
}

// Several keys under one kid: one of them verifies.
func TestKidTwice(t *testing.T) {
	f := newFake(t, RS256, RS256)
	f.keys = []any{forge.RSAKey("r1", rsaOther()), forge.RSAKey("r1", rsaOnce())}
	if _, err := f.finish(t); err != nil {
		t.Error(err)
	}
}

func TestRotation(t *testing.T) {
	for _, kid := range []string{"r2", "r1"} { // the old name for a new key, too
		t.Run(kid, func(t *testing.T) {
			f := newFake(t, RS256, None)
			if _, err := f.finish(t); err != nil {
				t.Fatal(err)
			}
			f.keys = []any{forge.RSAKey(kid, rsaOther())}
			f.rawIDToken = func() string { return forge.Token(f.header.With("kid", kid), f.claims.Bytes(), rsaOther()) }
			if _, err := f.finish(t); err != nil {
				t.Error(err)
			}
			if n := f.count("/jwks"); n != 2 {
				t.Errorf("key fetches: got %d, want 2", n)
			}
		})
	}
}

// A key that the provider withdrew does not verify for ever.
func TestWithdrawnKey(t *testing.T) {
	f := newFake(t, RS256, None)
	if _, err := f.finish(t); err != nil {
		t.Fatal(err)
	}
	f.keys = []any{forge.RSAKey("r2", rsaOther())}
	f.advance(keysFresh)
	f.claims = f.claims.With("iat", f.clock().Unix(), "exp", f.clock().Unix()+3600)
	_, err := f.finish(t)
	outcome{StageToken, Invalid, ReasonSignature}.check(t, err)
}

// A provider that moves its keys to another address may have lost the old ones:
// whoever has them could sign logins here for as long as they count as fresh.
func TestKeysOfAnotherAddress(t *testing.T) {
	f := newFake(t, RS256, None)
	finishLater := func(d time.Duration, kid string) error {
		f.advance(d)
		f.header = f.header.With("kid", kid)
		f.claims = f.claims.With("iat", f.clock().Unix(), "exp", f.clock().Unix()+3600)
		_, err := f.finish(t)
		return err
	}
	if err := finishLater(0, "r1"); err != nil {
		t.Fatal(err)
	}
	if err := finishLater(discoveryFresh/2, "unknown"); err == nil { // has the keys fetched again, not discovery
		t.Fatal("a token of an unknown key is taken")
	}
	f.document = f.document.With("jwks_uri", f.URL+"/jwks?moved")
	f.keys = []any{forge.RSAKey("r2", rsaOther())}
	outcome{StageToken, Invalid, ReasonSignature}.check(t, finishLater(discoveryFresh/2, "r1"))
	before := f.count("/jwks")
	f.rawIDToken = func() string { return forge.Token(f.header, f.claims.Bytes(), rsaOther()) }
	if err := finishLater(0, "r2"); err != nil || f.count("/jwks") != before {
		t.Errorf("a token of the keys at the other address: %v, after %d fetches", err, f.count("/jwks")-before)
	}
}

// Tokens with unknown kids would otherwise make this server hammer the provider.
func TestRefetchLimit(t *testing.T) {
	f := newFake(t, RS256, None)
	for i := range 50 {
		f.header = f.header.With("kid", fmt.Sprint("unknown", i))
		if _, err := f.finish(t); err == nil {
			t.Fatal("no error")
		}
	}
	if n := f.count("/jwks"); n != refetchBurst {
		t.Errorf("key fetches: got %d, want %d", n, refetchBurst)
	}
	for want := refetchBurst + 1; want < refetchBurst+4; want++ {
		f.advance(refetchEvery)
		for range 3 {
			_, err := f.finish(t)
			outcome{StageToken, Invalid, ReasonSignature}.check(t, err)
		}
		if n := f.count("/jwks"); n != want {
			t.Errorf("key fetches: got %d, want %d", n, want)
		}
	}
	f.header = f.header.With("kid", "r1")
	if _, err := f.finish(t); err != nil {
		t.Errorf("a good token among bad ones: %v", err)
	}
}

// landed waits until no fetch is under way.
func (c *keyCache) landed() {
	c.mu.Lock()
	pending := c.pending
	c.mu.Unlock()
	if pending != nil {
		<-pending.done
	}
}

func TestKeysDown(t *testing.T) {
	for name, row := range answers(StageKeys) {
		t.Run(name, func(t *testing.T) {
			answeredBy(t, name, RS256, None, func(t *testing.T, f *fake) {
				f.onJWKS = row.serve
				_, err := f.finish(t)
				e := (outcome{StageToken, Unavailable, ReasonKeys}).check(t, err)
				row.want.check(t, e.Err)
				f.wantCalls(t, 1, 0)
				if n := f.count("/elsewhere"); n != 0 {
					t.Error("redirect followed")
				}

				f.rp.keys.landed()                  // the budget of the login may end a moment before that of the fetch
				f.change(func() { f.onJWKS = nil }) // it heals, and what was fetched then outlives an outage
				if _, err := f.finish(t); err != nil {
					t.Fatal(err)
				}
				f.change(func() { f.onJWKS = row.serve })
				f.advance(keysFresh)
				f.claims = f.claims.With("iat", f.clock().Unix(), "exp", f.clock().Unix()+3600)
				if _, err := f.finish(t); err != nil {
					t.Errorf("keys held are not used: %v", err)
				}
				f.rp.keys.landed()
			})
		})
	}
}

func TestKeysFlight(t *testing.T) {
	f := newFake(t, RS256, None)
	release := make(chan struct{})
	f.onJWKS = func(w http.ResponseWriter, _ *http.Request) {
		<-release
		send(w, "application/jwk-set+json", string(forge.JSON{"keys": f.keys}.Bytes()))
	}
	raw := f.idToken()
	f.rawIDToken = func() string { return raw }
	f.onToken = func(w http.ResponseWriter, _ *http.Request) {
		send(w, "application/json", string(f.tokens.With("id_token", raw).Bytes()))
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := f.rp.Finish(t.Context(), f.response(), f.attempt()); err != nil {
				t.Error(err)
			}
		})
	}
	close(release)
	wg.Wait()
	if n := f.count("/jwks"); n != 1 {
		t.Errorf("key fetches: got %d, want 1", n)
	}
}
