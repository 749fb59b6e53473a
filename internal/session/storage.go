package session

import (
	"context"

	"github.com/caddyserver/certmagic"
)

// boundedStorage is a storage whose answers nobody waits for longer than their
// context says. Not every storage looks at it: a disk on a network that is gone
// keeps its callers until it comes back, and with them every request that has a
// session, and a reload.
type boundedStorage struct {
	certmagic.Storage // its lock too: to wait is what that is for
	turn              chan struct{}
	listing           chan struct{} // a list of half a million records takes its time, and a logout cannot wait
}

// NewBoundedStorage returns a storage whose answers nobody waits for longer than
// their context says.
func NewBoundedStorage(s certmagic.Storage) certmagic.Storage {
	return &boundedStorage{s, make(chan struct{}, 1), make(chan struct{}, 1)}
}

// Load returns the value of a key.
func (s *boundedStorage) Load(ctx context.Context, key string) ([]byte, error) {
	return bounded(ctx, s.turn, func() ([]byte, error) { return s.Storage.Load(ctx, key) })
}

// Store puts a value at a key.
func (s *boundedStorage) Store(ctx context.Context, key string, value []byte) error {
	_, err := bounded(ctx, s.turn, func() (struct{}, error) { return struct{}{}, s.Storage.Store(ctx, key, value) })
	return err
}

// Delete removes a key.
func (s *boundedStorage) Delete(ctx context.Context, key string) error {
	_, err := bounded(ctx, s.turn, func() (struct{}, error) { return struct{}{}, s.Storage.Delete(ctx, key) })
	return err
}

// List returns the keys below a prefix.
func (s *boundedStorage) List(ctx context.Context, prefix string, recursive bool) ([]string, error) {
	return bounded(ctx, s.listing, func() ([]string, error) { return s.Storage.List(ctx, prefix, recursive) })
}

// bounded runs one job and leaves it behind when the context ends. One at a
// time, so that however long a storage is gone, one of a kind is left behind at most.
func bounded[T any](ctx context.Context, turn chan struct{}, job func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	var none T
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return none, ctx.Err()
	}
	done := make(chan result, 1)
	go func() {
		defer func() { <-turn }()
		value, err := job()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}
