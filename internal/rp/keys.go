package rp

import (
	"context"
	"sync"
	"time"
)

const (
	keysFresh    = time.Hour
	refetchBurst = 3
	refetchEvery = 20 * time.Second
)

// keyCache keeps the provider's public keys. go-oidc's own key set refuses all
// keys for one that it cannot read, and fetches anew for every token with an
// unknown kid; this one does neither.
type keyCache struct {
	mu      sync.Mutex
	held    *keySet
	from    string // the jwks_uri that held came from
	spent   int    // refetches of the bucket that are used up
	refill  time.Time
	failed  error // the last fetch's
	pending *flight
}

// current returns the keys held, fetched first if there are none, or if they
// are old: a key that the provider withdrew must not verify for ever.
func (c *keyCache) current(ctx context.Context, p *Provider, url string) (*keySet, error) {
	c.mu.Lock()
	held := c.held
	fresh := held != nil && c.from == url && p.cfg.Now().Before(held.fetched.Add(keysFresh))
	c.mu.Unlock()
	if fresh {
		return held, nil
	}
	if held != nil {
		var cancel context.CancelFunc
		ctx, cancel = p.briefly(ctx)
		defer cancel()
	}
	newer, err := c.newer(ctx, p, url, held)
	if newer == nil && held != nil {
		// The provider's key endpoint is down: the keys held stay usable.
		return held, nil
	}
	return newer, err
}

// fresh returns the keys held if they are not old, else none. It asks nobody.
func (c *keyCache) fresh(p *Provider) *keySet {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held == nil || !p.cfg.Now().Before(c.held.fetched.Add(keysFresh)) {
		return new(keySet)
	}
	return c.held
}

// newer returns keys fetched later than old. Without an error or keys, they were
// fetched too often lately.
func (c *keyCache) newer(ctx context.Context, p *Provider, url string, old *keySet) (*keySet, error) {
	c.mu.Lock()
	if c.held != old {
		defer c.mu.Unlock()
		return c.held, nil
	}
	if c.pending == nil {
		if !c.take(p.cfg.Now()) {
			defer c.mu.Unlock()
			return nil, c.limited()
		}
		c.pending = launch(func() error { return c.refetch(p, url) })
	}
	pending := c.pending
	c.mu.Unlock()
	if err := pending.wait(ctx, StageKeys); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held, nil
}

// take spends one refetch of the bucket. Tokens with random kids would
// otherwise make every login a call to the provider.
func (c *keyCache) take(now time.Time) bool {
	if gained := int(now.Sub(c.refill) / refetchEvery); gained > 0 {
		c.spent = max(0, c.spent-gained)
		c.refill = c.refill.Add(time.Duration(gained) * refetchEvery)
	}
	if c.spent == 0 {
		c.refill = now
	}
	if c.spent == refetchBurst {
		return false
	}
	c.spent++
	return true
}

func (c *keyCache) limited() error {
	e := fail(StageKeys, Unavailable, ReasonKeysLimited)
	e.Err = c.failed
	return e
}

func (c *keyCache) refetch(p *Provider, url string) error {
	set, err := p.fetchKeys(url)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending, c.failed = nil, err
	if err != nil {
		return err
	}
	c.held, c.from = set, url
	return nil
}

func (p *Provider) fetchKeys(url string) (*keySet, error) {
	a, err := p.fetch(url, StageKeys)
	if err != nil {
		return nil, err
	}
	if err := a.succeeded(StageKeys); err != nil {
		return nil, err
	}
	if a.mediaType != "application/json" && a.mediaType != "application/jwk-set+json" {
		return nil, fail(StageKeys, Unavailable, ReasonContentType)
	}
	keys, err := parseKeys(a.body)
	if err != nil {
		return nil, fail(StageKeys, Unavailable, ReasonJSON)
	}
	return &keySet{keys: keys, fetched: p.cfg.Now()}, nil
}
