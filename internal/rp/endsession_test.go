package rp

import (
	"net/url"
	"reflect"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/forge"
)

// endSession is the query of a logout with an ID token.
func (f *fake) endSession(t *testing.T, idToken string) url.Values {
	t.Helper()
	got, err := f.rp.EndSessionURL(t.Context(), idToken, testRedirect, testState)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(got)
	if err != nil || u.Path != "/end" {
		t.Fatalf("got %s", got)
	}
	return u.Query()
}

// ProConnect answers a hint that was signed by a key it has withdrawn, or by another
// secret, with an error page, after the local logout. So a hint is sent only where
// it verifies with the keys of today; and to find out, no logout asks for them.
//
// The case: "a hint whose signing key was withdrawn".
func TestEndSessionHint(t *testing.T) {
	for name, row := range map[string]struct {
		alg    string
		change func(f *fake, idToken string) string // after a login
		hint   bool
	}{
		"RS256":                 {RS256, nil, true},
		"ES256":                 {ES256, nil, true},
		"HS256":                 {HS256, nil, true},
		"expired":               {RS256, func(f *fake, s string) string { f.advance(keysFresh - 1); return s }, true},
		"keys are old":          {RS256, func(f *fake, s string) string { f.advance(keysFresh); return s }, false},
		"keys were not fetched": {RS256, func(f *fake, s string) string { f.fresh(); _, _ = f.authorizationURL(t.Context()); return s }, false},
		"HS256 needs no keys":   {HS256, func(f *fake, s string) string { f.fresh(); return s }, true},
		"another secret": {HS256, func(f *fake, s string) string {
			f.cfg.ClientSecret = testSecret + "-2"
			f.fresh()
			return s
		}, false},
		"another algorithm": {RS256, func(f *fake, _ string) string { return f.sign(forge.JSON{"alg": ES256, "kid": "e1"}, f.claims.Bytes()) }, false},
		"no token":          {RS256, func(*fake, string) string { return "a.b.c" }, false},
		"none":              {RS256, func(*fake, string) string { return "" }, false},
		"no kid":            {RS256, func(f *fake, _ string) string { return f.sign(forge.JSON{"alg": RS256}, f.claims.Bytes()) }, true},
		"a kid that is not there": {RS256, func(f *fake, _ string) string {
			return f.sign(forge.JSON{"alg": RS256, "kid": "r0"}, f.claims.Bytes())
		}, false},
		"the kid of another key": {RS256, func(f *fake, _ string) string {
			return forge.Token(forge.JSON{"alg": RS256, "kid": "r1"}, f.claims.Bytes(), rsaOther())
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, row.alg, RS256)
			result, err := f.finish(t)
			if err != nil {
				t.Fatal(err)
			}
			hint := result.IDToken
			if row.change != nil {
				hint = row.change(f, hint)
			}
			before := f.count("/jwks")
			want := url.Values{"post_logout_redirect_uri": {testRedirect}, "state": {testState}, "client_id": {testClient}}
			if row.hint {
				want.Del("client_id")
				want.Set("id_token_hint", hint)
			}
			if got := f.endSession(t, hint); !reflect.DeepEqual(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
			if n := f.count("/jwks") - before; n != 0 {
				t.Errorf("the logout fetched keys %d times", n)
			}
		})
	}
}

// The provider rotates its keys; the next login shows them to us, and the logout of
// whoever logged in before names the client.
func TestEndSessionAfterRotation(t *testing.T) {
	f := newFake(t, RS256, RS256)
	result, err := f.finish(t)
	if err != nil {
		t.Fatal(err)
	}
	f.change(func() {
		f.keys = []any{forge.RSAKey("r2", rsaOther())}
		f.rawIDToken = func() string { return forge.Token(forge.JSON{"alg": RS256, "kid": "r2"}, f.claims.Bytes(), rsaOther()) }
		f.rawUserinfo = func() string { return forge.Token(forge.JSON{"alg": RS256, "kid": "r2"}, f.person.Bytes(), rsaOther()) }
	})
	second, err := f.finish(t)
	if err != nil {
		t.Fatal(err)
	}
	if q := f.endSession(t, result.IDToken); q.Has("id_token_hint") || q.Get("client_id") != testClient {
		t.Errorf("the former key: got %v", q)
	}
	if q := f.endSession(t, second.IDToken); q.Get("id_token_hint") != second.IDToken || q.Has("client_id") {
		t.Errorf("the new key: got %v", q)
	}
}
