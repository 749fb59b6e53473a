package rp

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/forge"
)

// A login that fails because two clocks differ says by how many seconds, and which of
// them is to be set: the operator has one of them only.
func TestClockFaults(t *testing.T) {
	const hour = time.Hour
	for name, c := range map[string]struct {
		tokens time.Duration  // the clock by which the tokens are made, seen from ours
		date   *time.Duration // that of the web server; nil: no date
		change forge.JSON     // of the ID token's times, in seconds of the tokens' clock
		info   forge.JSON     // of userinfo's
		whose  Whose
		says   string
	}{
		"ours is two hours ahead":  {-2 * hour, new(-2 * hour), nil, nil, WhoseOurs, "exp is 3600 s in the past by our clock, which is 7200 s ahead of ProConnect's"},
		"ours is ten minutes slow": {10 * time.Minute, new(10 * time.Minute), nil, nil, WhoseOurs, "iat is 600 s ahead by our clock, which is 600 s behind ProConnect's"},
		"the tokens' is slow":      {-2 * hour, new(time.Duration(0)), nil, nil, WhoseTheirs, "exp is 3600 s in the past by our clock, with which ProConnect's web server agrees within 0 s"},
		"the web server's alone":   {0, new(-2 * hour), forge.JSON{"exp": -120}, nil, WhoseTheirs, "exp is 120 s in the past"},
		"no date":                  {-2 * hour, nil, nil, nil, WhoseUnknown, "exp is 3600 s in the past by our clock; the answer has no date"},
		"nbf":                      {0, new(time.Duration(0)), forge.JSON{"nbf": 300}, nil, WhoseTheirs, "nbf is 300 s ahead"},
		"exp too far ahead":        {0, new(time.Duration(0)), forge.JSON{"exp": 172800}, nil, WhoseTheirs, "exp is 172800 s ahead"},
		"userinfo, over":           {0, new(time.Duration(0)), nil, forge.JSON{"exp": -120}, WhoseTheirs, "exp is 120 s in the past"},
		"userinfo, nbf, ours slow": {0, new(10 * time.Minute), nil, forge.JSON{"nbf": 600, "iat": 600}, WhoseOurs, "nbf is 600 s ahead by our clock, which is 600 s behind"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, RS256, RS256)
			times := func(claims forge.JSON, iat, exp int, change forge.JSON) forge.JSON {
				at := f.now.Add(c.tokens).Unix()
				claims = claims.With("iat", at+int64(iat), "exp", at+int64(exp))
				for name, seconds := range change {
					claims = claims.With(name, at+int64(seconds.(int)))
				}
				return claims
			}
			f.claims, f.person = times(f.claims, 0, 3600, c.change), times(f.person, 0, 3600, c.info)
			dated := func(serve http.HandlerFunc) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					if w.Header()["Date"] = nil; c.date != nil {
						w.Header().Set("Date", f.clock().Add(*c.date).UTC().Format(http.TimeFormat))
					}
					serve(w, r)
				}
			}
			f.onToken, f.onUserinfo = dated(f.serveToken), dated(f.serveUserinfo)
			_, err := f.finish(t)
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Clock == nil {
				t.Fatalf("got %v, want an error that tells of clocks", err)
			}
			if e.Clock.Whose != c.whose || !strings.Contains(e.Error(), c.says) {
				t.Errorf("got %q, %s; want %q, %s", e.Error(), e.Clock.Whose, c.says, c.whose)
			}
		})
	}
}

// A time that is none is no fault of a clock.
func TestNoClockFault(t *testing.T) {
	for _, value := range []any{nil, "1800003600", 0, -1, true} {
		f := newFake(t, RS256, RS256)
		f.claims = f.claims.With("exp", value)
		_, err := f.finish(t)
		if e, ok := errors.AsType[*Error](err); !ok || e.Reason != ReasonExpiry || e.Clock != nil {
			t.Errorf("exp %v: %v", value, err)
		}
	}
}
