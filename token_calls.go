package proconnect

import (
	"context"
	"errors"
	"hash/maphash"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/waits"
)

// Anybody can begin a login and come back with a code of their own making, and each
// costs a call to ProConnect, which would take the site for the attacker.
const (
	callbackTime   = 10 * time.Second // what one callback may take, waiting included
	maxExchanges   = 64               // calls of a client under way at once
	maxFailures    = 20               // codes that ProConnect refused, of one address
	maxWaiting     = 64               // callbacks that wait for their turn, of an address that had codes refused
	addressSlots   = 1024
	ipv6Subscriber = 56 // bits of an IPv6 address that one subscriber has in common
)

var (
	errCodesRefused = errors.New("too many codes of this address were refused")
	errExchangeBusy = errors.New("too many logins are under way")
)

// tokenCalls bounds the calls that redeem codes. People with good codes go on at any
// rate: only a refused code is held against an address, and no more calls are under
// way for it than it could have refused. Memory is fixed: addresses share slots, by a
// hash that nobody outside can compute.
type tokenCalls struct {
	turn     time.Duration // that a callback waits for at most
	forgiven time.Duration // after which an address is forgiven one refused code
	underway chan struct{}
	seed     maphash.Seed

	mu    sync.Mutex
	slots [addressSlots]addressSlot
}

// addressSlot is what is known of the addresses that share it.
type addressSlot struct {
	underway int
	refused  int       // codes, not forgiven yet
	since    time.Time // when the last one was forgiven, or the first one counted
	waiting  int
	ended    chan struct{} // closed when a call ends; nil: nobody waits for that
}

func newTokenCalls() *tokenCalls {
	return &tokenCalls{turn: waits.Turn, forgiven: waits.Forgiven, underway: make(chan struct{}, maxExchanges), seed: maphash.MakeSeed()}
}

// turn is one call that may be made.
type turn struct {
	e *tokenCalls
	s *addressSlot
}

// begin waits for the turn of an address. Whoever gets one ends it.
func (e *tokenCalls) begin(ctx context.Context, addr netip.Prefix) (*turn, error) {
	ctx, cancel := context.WithTimeout(ctx, e.turn)
	defer cancel()
	s := e.slot(addr)
	for {
		ended, err := e.admit(s, time.Now())
		if err != nil {
			return nil, err
		}
		if ended == nil {
			break
		}
		if err := e.wait(ctx, s, ended); err != nil {
			return nil, err
		}
	}
	x := &turn{e, s}
	select {
	case e.underway <- struct{}{}:
		return x, nil
	case <-ctx.Done():
		x.release(false)
		return nil, errExchangeBusy
	}
}

// slot is what is known of an address.
func (e *tokenCalls) slot(addr netip.Prefix) *addressSlot {
	return &e.slots[maphash.Comparable(e.seed, addr)%addressSlots]
}

// admit lets a call begin, unless all that the address has under way could be refused
// and be too many. It then returns what is closed when one of them has ended; the
// caller waits for it.
func (e *tokenCalls) admit(s *addressSlot, now time.Time) (ended <-chan struct{}, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if forgiven := int(now.Sub(s.since) / e.forgiven); forgiven > 0 {
		s.refused = max(0, s.refused-forgiven)
		s.since = s.since.Add(time.Duration(forgiven) * e.forgiven)
	}
	if s.refused+s.underway < maxFailures {
		s.underway++
		return nil, nil
	}
	if s.refused > 0 && s.waiting >= maxWaiting {
		return nil, errCodesRefused
	}
	s.waiting++
	if s.ended == nil {
		s.ended = make(chan struct{})
	}
	return s.ended, nil
}

// wait returns when it is worth asking again, or with the reason why there was no turn.
func (e *tokenCalls) wait(ctx context.Context, s *addressSlot, ended <-chan struct{}) (err error) {
	forgiven := time.NewTimer(e.forgiven)
	defer forgiven.Stop()
	over := false
	select {
	case <-ended:
	case <-forgiven.C:
	case <-ctx.Done():
		over = true
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	s.waiting--
	switch {
	case !over:
		return nil
	case s.refused > 0:
		return errCodesRefused
	}
	return errExchangeBusy
}

// end makes room for the next call. It may be called on none.
func (x *turn) end(refused bool) {
	if x == nil {
		return
	}
	<-x.e.underway
	x.release(refused)
}

func (x *turn) release(refused bool) {
	x.e.mu.Lock()
	defer x.e.mu.Unlock()
	s := x.s
	s.underway--
	if refused {
		if s.refused == 0 {
			s.since = time.Now()
		}
		s.refused++
	}
	if s.ended != nil {
		close(s.ended)
		s.ended = nil
	}
}

// addressOf is whom a failed login is held against: the client's address, as Caddy
// takes it from trusted proxies, or the network of one subscriber.
func addressOf(r *http.Request) netip.Prefix {
	addr, err := netip.ParseAddr(clientIP(r))
	if err != nil {
		return netip.Prefix{} // a unix socket: all share one
	}
	addr, bits := addr.Unmap().WithZone(""), ipv6Subscriber
	if addr.Is4() {
		bits = addr.BitLen()
	}
	network, _ := addr.Prefix(bits) // of fewer bits than the address has
	return network
}
