package rp

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// slowly answers in memory, after a while that is counted by the clock of the bubble.
type slowly struct {
	f    *fake
	wait map[string]time.Duration // by path
}

func (s slowly) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-time.After(s.wait[r.URL.Path]):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	w := httptest.NewRecorder()
	s.f.serve(w, r)
	return w.Result(), nil
}

// A provider that takes nine seconds for each of its answers would keep a person for
// half a minute, and a place among the calls under way as long.
//
// The case: "token answers after 9 s, userinfo after 9 s more".
func TestOneBudgetForAllCallsOfACallback(t *testing.T) {
	const document, keys, token, userinfo = "/api/v2/.well-known/openid-configuration", "/jwks", "/token", "/userinfo"
	for name, c := range map[string]struct {
		wait   map[string]time.Duration
		stage  Stage // empty: the login ends well
		within time.Duration
	}{
		"three seconds each":                     {map[string]time.Duration{token: 3 * time.Second, userinfo: 3 * time.Second}, "", 6 * time.Second},
		"token after nine, userinfo after nine":  {map[string]time.Duration{token: 9 * time.Second, userinfo: 9 * time.Second}, StageUserinfo, callTimeout},
		"token after nine, keys after nine":      {map[string]time.Duration{token: 9 * time.Second, keys: 9 * time.Second}, StageToken, callTimeout},
		"discovery after nine, token after nine": {map[string]time.Duration{document: 9 * time.Second, token: 9 * time.Second}, StageToken, callTimeout},
		"four seconds each, discovery to userinfo": {map[string]time.Duration{
			document: 4 * time.Second, token: 4 * time.Second, keys: 4 * time.Second, userinfo: 4 * time.Second,
		}, StageToken, callTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, RS256, RS256)
			synctest.Test(t, func(t *testing.T) {
				cfg := f.cfg
				cfg.Transport = slowly{f, c.wait}
				f.rp = New(cfg)
				began := time.Now()
				defer func() { <-time.After(callTimeout) }() // a fetch of keys for everybody goes on without us
				_, err := f.finish(t)
				if took := time.Since(began); took > c.within {
					t.Errorf("the callback took %s, want at most %s", took, c.within)
				}
				if c.stage == "" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				if e, ok := errors.AsType[*Error](err); !ok || e.Stage != c.stage || e.Kind != Unavailable {
					t.Errorf("got %v, want no answer in time at %s", err, c.stage)
				}
			})
		})
	}
}

// What is held serves on while the provider does not answer for something newer, and
// the wait for that leaves time for the calls of the login itself.
func TestStaleKeysAndDiscoveryLeaveTimeForTheLogin(t *testing.T) {
	const document, keys, token, userinfo = "/api/v2/.well-known/openid-configuration", "/jwks", "/token", "/userinfo"
	f := newFake(t, RS256, RS256)
	synctest.Test(t, func(t *testing.T) {
		wait := make(map[string]time.Duration)
		cfg := f.cfg
		cfg.Transport = slowly{f, wait}
		f.rp = New(cfg)
		if _, err := f.finish(t); err != nil {
			t.Fatal(err)
		}
		wait[document], wait[keys], wait[token], wait[userinfo] = time.Minute, time.Minute, 2*time.Second, 2*time.Second
		f.advance(keysFresh + discoveryFresh)
		now := f.clock().Unix()
		f.claims = f.claims.With("iat", now, "exp", now+3600)
		f.person = f.person.With("exp", now+3600)
		if _, err := f.finish(t); err != nil {
			t.Errorf("a login with what is held: %v", err)
		}
		<-time.After(callTimeout) // the fetches for everybody end by themselves
	})
}
