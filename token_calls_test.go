package proconnect

import (
	"context"
	"errors"
	"net/http/httptest"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
)

func network(n byte) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, n}), 32)
}

// otherThan is a network that shares no slot with another: by the hash, one of a thousand does.
func (e *tokenCalls) otherThan(one netip.Prefix) netip.Prefix {
	other := one
	for e.slot(other) == e.slot(one) {
		other = netip.PrefixFrom(other.Addr().Next(), other.Bits())
	}
	return other
}

// tokenEndpoint is where calls end up, after a tenth of a second each.
type tokenEndpoint struct {
	e                    *tokenCalls
	calls, now, together atomic.Int64
}

// call redeems a code, and says whether its turn came.
func (p *tokenEndpoint) call(t *testing.T, addr netip.Prefix, junk bool) error {
	x, err := p.e.begin(t.Context(), addr)
	if err != nil {
		return err
	}
	p.calls.Add(1)
	if n := p.now.Add(1); n > p.together.Load() {
		p.together.Store(n)
	}
	<-time.After(100 * time.Millisecond)
	p.now.Add(-1)
	x.end(junk)
	return nil
}

// Hundreds of codes that nobody gave, at once and then in a row for a minute, make a
// bounded number of calls; somebody else is not kept waiting by them, and a colleague
// at the same address gets in as soon as they stop.
func TestJunkCodesMakeFewCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenEndpoint{e: newTokenCalls()}
		var flood sync.WaitGroup
		for range 300 {
			flood.Go(func() {
				if err := p.call(t, network(1), true); err != nil && !errors.Is(err, errCodesRefused) {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		began := time.Now()
		if err := p.call(t, p.e.otherThan(network(1)), false); err != nil || time.Since(began) > time.Second {
			t.Errorf("somebody else: %v after %s", err, time.Since(began))
		}
		flood.Wait()
		for time.Since(began) < time.Minute {
			if p.call(t, network(1), true) != nil {
				<-time.After(10 * time.Millisecond)
			}
		}
		if got, most := p.calls.Load(), int64(1+maxFailures+time.Minute/p.e.forgiven+3); got > most {
			t.Errorf("%d calls in a minute, want at most %d", got, most)
		}
		began = time.Now()
		if err := p.call(t, network(1), false); err != nil {
			t.Errorf("a good code of the same address, after %s: %v", time.Since(began), err)
		}
	})
}

// At nine o'clock a whole ministry logs in from one address: all of them get in, and
// whatever their addresses, no more calls are under way than ProConnect can take.
func TestGoodCodesGoOnAtAnyRate(t *testing.T) {
	for name, c := range map[string]struct {
		addr func(i int) netip.Prefix
		most int64
	}{
		"of one address":       {func(int) netip.Prefix { return network(1) }, maxFailures},
		"of an address each":   {func(i int) netip.Prefix { return network(byte(i)) }, maxExchanges},
		"of many at a network": {func(i int) netip.Prefix { return network(byte(i % 8)) }, maxExchanges},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &tokenEndpoint{e: newTokenCalls()}
				var all sync.WaitGroup
				for i := range 500 {
					all.Go(func() {
						if err := p.call(t, c.addr(i), false); err != nil {
							t.Error(err)
						}
					})
				}
				all.Wait()
				if got := p.together.Load(); got > c.most {
					t.Errorf("%d calls at once, want at most %d", got, c.most)
				}
			})
		})
	}
}

// Where ProConnect is so slow that the turn does not come, people are told, in time
// for what remains of the callback; nothing is held against their address.
func TestSlowExchangesDoNotPileUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newTokenCalls()
		for range maxExchanges {
			if _, err := e.begin(t.Context(), network(byte(len(e.underway)))); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		_, err := e.begin(t.Context(), network(200))
		if took := time.Since(began); !errors.Is(err, errExchangeBusy) || took > callbackTime/2 {
			t.Errorf("got %v after %s", err, took)
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		if _, err := e.begin(gone, network(201)); err == nil {
			t.Error("somebody who has left gets a turn")
		}
		for i := range e.slots {
			if s := &e.slots[i]; s.refused != 0 || s.waiting != 0 {
				t.Errorf("slot %d: %+v", i, s)
			}
		}
	})
}

// Of an address that had a code refused no more than some wait for their turn: each that
// waits holds a connection and a goroutine, which somebody who makes codes up gets for
// nothing. The others are told at once.
func TestWaitingForATurnIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newTokenCalls()
		x, err := e.begin(t.Context(), network(1))
		if err != nil {
			t.Fatal(err)
		}
		x.end(true)
		for range maxFailures - 1 { // under way, and each may be refused
			if _, err := e.begin(t.Context(), network(1)); err != nil {
				t.Fatal(err)
			}
		}
		const more = 10
		began := time.Now()
		var atOnce atomic.Int64
		var all sync.WaitGroup
		for range maxWaiting + more {
			all.Go(func() {
				if _, err := e.begin(t.Context(), network(1)); err != nil && time.Since(began) == 0 {
					atOnce.Add(1)
				}
			})
		}
		all.Wait()
		if n := atOnce.Load(); n != more {
			t.Errorf("%d were told at once, want %d", n, more)
		}
	})
}

// What is held against an address is what its browser brought or did.
func TestRefusedCodes(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"none":                   {nil, false},
		"a junk code":            {&rp.Error{Stage: rp.StageToken, Kind: rp.Invalid, Code: "invalid_grant"}, true},
		"refused otherwise":      {&rp.Error{Stage: rp.StageToken, Kind: rp.Refused, Code: "invalid_request"}, true},
		"closed before the end":  {&rp.Error{Stage: rp.StageToken, Kind: rp.Unavailable, Reason: rp.ReasonCanceled}, true},
		"our secret":             {&rp.Error{Stage: rp.StageToken, Kind: rp.Misconfigured, Code: "invalid_client", Reason: rp.ReasonInvalidClient}, false},
		"our registration":       {&rp.Error{Stage: rp.StageToken, Kind: rp.Misconfigured, Code: "unauthorized_client"}, false},
		"ProConnect's failure":   {&rp.Error{Stage: rp.StageToken, Kind: rp.Refused, Code: "server_error", Reason: rp.ReasonSessionGone}, false},
		"ProConnect's pause":     {&rp.Error{Stage: rp.StageToken, Kind: rp.Unavailable, Code: "temporarily_unavailable"}, false},
		"no answer":              {&rp.Error{Stage: rp.StageToken, Kind: rp.Unavailable, Reason: rp.ReasonTimeout}, false},
		"an ID token of another": {&rp.Error{Stage: rp.StageToken, Kind: rp.Invalid, Reason: rp.ReasonAudience}, false},
		"userinfo":               {&rp.Error{Stage: rp.StageUserinfo, Kind: rp.Invalid}, false},
		"the answer's issuer":    {&rp.Error{Stage: rp.StageCallback, Kind: rp.Invalid}, false},
		"used":                   {errAttemptUsed, false},
	} {
		if got := codeRefused(c.err); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// An IPv6 subscriber has 2^72 addresses, and none of them a bound of its own.
func TestAddressOfALogin(t *testing.T) {
	for client, want := range map[string]string{
		"192.0.2.7":                "192.0.2.7/32",
		"::ffff:192.0.2.7":         "192.0.2.7/32",
		"2001:db8:1:2ff:3:4:5:6":   "2001:db8:1:200::/56",
		"2001:db8:1:2aa:ffff::1":   "2001:db8:1:200::/56",
		"fe80::1%eth0":             "fe80::/56",
		"":                         "198.51.100.9/32", // the connection's
		"/run/caddy.sock, perhaps": "invalid Prefix",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "198.51.100.9:1234"
		r = r.WithContext(context.WithValue(r.Context(), caddyhttp.VarsCtxKey, map[string]any{caddyhttp.ClientIPVarKey: client}))
		if got := addressOf(r).String(); got != want {
			t.Errorf("%q: %s, want %s", client, got, want)
		}
	}
}
