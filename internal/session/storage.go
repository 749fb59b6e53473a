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
	current func() certmagic.Storage // of the configuration that runs

	// Kinds of jobs that do not wait for one another: to list or load a million
	// logouts takes its time, and the next logout cannot wait.
	loading, writing, deleting, listing chan struct{}
}

// loadsAtOnce is how many values may be on their way.
const loadsAtOnce = 8

func newBoundedStorage(current func() certmagic.Storage) *boundedStorage {
	return &boundedStorage{
		current, make(chan struct{}, loadsAtOnce), make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{}, 1),
	}
}

// Load returns the value of a key.
func (s *boundedStorage) Load(ctx context.Context, key string) ([]byte, error) {
	return bounded(ctx, s.loading, func() ([]byte, error) { return s.current().Load(ctx, key) })
}

// Store puts a value at a key.
func (s *boundedStorage) Store(ctx context.Context, key string, value []byte) error {
	_, err := bounded(ctx, s.writing, func() (struct{}, error) { return struct{}{}, s.current().Store(ctx, key, value) })
	return err
}

// Delete removes a key.
func (s *boundedStorage) Delete(ctx context.Context, key string) error {
	_, err := bounded(ctx, s.deleting, func() (struct{}, error) { return struct{}{}, s.current().Delete(ctx, key) })
	return err
}

// List returns the keys below a prefix.
func (s *boundedStorage) List(ctx context.Context, prefix string, recursive bool) ([]string, error) {
	return bounded(ctx, s.listing, func() ([]string, error) { return s.current().List(ctx, prefix, recursive) })
}

// Exists says whether there is a key, or nobody can tell.
func (s *boundedStorage) Exists(ctx context.Context, key string) bool {
	exists, err := bounded(ctx, s.listing, func() (bool, error) { return s.current().Exists(ctx, key), nil })
	return exists || err != nil
}

// Stat describes a key.
func (s *boundedStorage) Stat(ctx context.Context, key string) (certmagic.KeyInfo, error) {
	return bounded(ctx, s.loading, func() (certmagic.KeyInfo, error) { return s.current().Stat(ctx, key) })
}

// Lock waits for the lock of a name: to wait is what it is for.
func (s *boundedStorage) Lock(ctx context.Context, name string) error {
	return s.current().Lock(ctx, name)
}

// Unlock gives it back.
func (s *boundedStorage) Unlock(ctx context.Context, name string) error {
	return s.current().Unlock(ctx, name)
}

// bounded runs one job and leaves it behind when the context ends. Few at a time, so that
// however long a storage is gone, few of a kind are left behind at most.
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
