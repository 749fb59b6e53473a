package rp

import (
	"crypto/elliptic"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// One key that nobody understands must not spoil the set.
func TestUnusableKeys(t *testing.T) {
	good := rsaJWK("r1", &rsaOnce().PublicKey)
	for name, key := range map[string]any{
		"unknown kty":       object{"kty": "AKP", "kid": "x", "alg": "ML-DSA-44", "pub": "AA"},
		"no kty":            object{"kid": "x"},
		"kty list":          object{"kty": []string{"RSA"}},
		"unknown curve":     object{"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA"},
		"point off curve":   object{"kty": "EC", "crv": "P-256", "x": b64(make([]byte, 32)), "y": b64(make([]byte, 32))},
		"Ed25519":           object{"kty": "OKP", "crv": "Ed25519", "x": b64(make([]byte, 32))},
		"modulus no base64": good.with("n", "***"),
		"modulus number":    good.with("n", 12),
		"modulus empty":     good.with("n", ""),
		"modulus even":      good.with("n", b64(append(rsaOnce().N.Bytes()[:255:255], 2))),
		"modulus huge":      good.with("n", b64(append(make([]byte, 1), []byte(strings.Repeat("\xff", 4096))...))),
		"modulus too long":  good.with("n", b64([]byte("\x01"+strings.Repeat("\xff", 1024)))), // 8 193 bits
		"exponent 1":        good.with("e", "AQ"),
		"exponent even":     good.with("e", "BA"),
		"exponent huge":     good.with("e", b64([]byte("\xff\xff\xff\xff\xff"))),
		"kid number":        good.with("kid", 1),
		"use list":          good.with("use", []string{"sig"}),
		"key ops string":    good.with("key_ops", "verify"),
		"alg RS512":         good.with("alg", "RS512"),
		"alg map":           good.with("alg", object{}),
		"string":            "key",
		"null":              nil,
		"oct":               object{"kty": "oct", "kid": "r1", "alg": "HS256", "k": b64([]byte(testSecret))},
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := parseKeys(object{"keys": []any{key}}.json())
			if err != nil || len(keys) != 0 {
				t.Errorf("alone: got %d keys, %v", len(keys), err)
			}
			keys, err = parseKeys(object{"keys": []any{key, good}}.json())
			if err != nil || len(keys) != 1 {
				t.Errorf("before a good one: got %d keys, %v", len(keys), err)
			}
		})
	}
}

func TestKeySetForms(t *testing.T) {
	good := string(rsaJWK("r1", &rsaOnce().PublicKey).json())
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
		rsaJWK("other", &rsaOther().PublicKey), ecJWK("e1", &ecOnce().PublicKey),
		ecJWK("p384", &mustEC(elliptic.P384()).PublicKey), rsaJWK("mine", &rsaOnce().PublicKey).with("kid", nil),
	}
	f.header = f.header.with("kid", nil)
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
	f.keys = []any{rsaJWK("r1", &rsaOther().PublicKey), rsaJWK("r1", &rsaOnce().PublicKey)}
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
			f.keys = []any{rsaJWK(kid, &rsaOther().PublicKey)}
			f.rawIDToken = func() string { return compact(f.header.with("kid", kid), f.claims.json(), rsaOther()) }
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
	f.keys = []any{rsaJWK("r2", &rsaOther().PublicKey)}
	f.advance(keysFresh)
	f.claims = f.claims.with("iat", f.clock().Unix(), "exp", f.clock().Unix()+3600)
	_, err := f.finish(t)
	outcome{StageToken, Invalid, ReasonSignature}.check(t, err)
}

// A provider that moves its keys to another address may have lost the old ones:
// whoever has them could sign logins here for as long as they count as fresh.
func TestKeysOfAnotherAddress(t *testing.T) {
	f := newFake(t, RS256, None)
	finishLater := func(d time.Duration, kid string) error {
		f.advance(d)
		f.header = f.header.with("kid", kid)
		f.claims = f.claims.with("iat", f.clock().Unix(), "exp", f.clock().Unix()+3600)
		_, err := f.finish(t)
		return err
	}
	if err := finishLater(0, "r1"); err != nil {
		t.Fatal(err)
	}
	if err := finishLater(discoveryFresh/2, "unknown"); err == nil { // has the keys fetched again, not discovery
		t.Fatal("a token of an unknown key is taken")
	}
	f.document = f.document.with("jwks_uri", f.URL+"/jwks?moved")
	f.keys = []any{rsaJWK("r2", &rsaOther().PublicKey)}
	outcome{StageToken, Invalid, ReasonSignature}.check(t, finishLater(discoveryFresh/2, "r1"))
	before := f.count("/jwks")
	f.rawIDToken = func() string { return compact(f.header, f.claims.json(), rsaOther()) }
	if err := finishLater(0, "r2"); err != nil || f.count("/jwks") != before {
		t.Errorf("a token of the keys at the other address: %v, after %d fetches", err, f.count("/jwks")-before)
	}
}

// Tokens with unknown kids would otherwise make this server hammer the provider.
func TestRefetchLimit(t *testing.T) {
	f := newFake(t, RS256, None)
	for i := range 50 {
		f.header = f.header.with("kid", fmt.Sprint("unknown", i))
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
	f.header = f.header.with("kid", "r1")
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
			t.Parallel()
			f := newFake(t, RS256, None)
			f.rp.timeout = 300 * time.Millisecond
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
			f.claims = f.claims.with("iat", f.clock().Unix(), "exp", f.clock().Unix()+3600)
			if _, err := f.finish(t); err != nil {
				t.Errorf("keys held are not used: %v", err)
			}
		})
	}
}

func TestKeysFlight(t *testing.T) {
	f := newFake(t, RS256, None)
	release := make(chan struct{})
	f.onJWKS = func(w http.ResponseWriter, _ *http.Request) {
		<-release
		send(w, "application/jwk-set+json", string(object{"keys": f.keys}.json()))
	}
	raw := f.idToken()
	f.rawIDToken = func() string { return raw }
	f.onToken = func(w http.ResponseWriter, _ *http.Request) {
		send(w, "application/json", string(f.tokens.with("id_token", raw).json()))
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
