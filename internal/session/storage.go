package session

import (
	"context"
	"fmt"
	"sync"
	"time"

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
	loading, writing, deleting, listing, locking, unlocking chan struct{}

	holders sync.Map // by the name of a lock: the storage that gave it
}

// loadsAtOnce is how many values may be on their way.
const loadsAtOnce = 8

func newBoundedStorage(current func() certmagic.Storage) *boundedStorage {
	one := func() chan struct{} { return make(chan struct{}, 1) }
	return &boundedStorage{
		current: current, loading: make(chan struct{}, loadsAtOnce),
		writing: one(), deleting: one(), listing: one(), locking: one(), unlocking: one(),
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

// unlockTime is how long the end of a job waits for its lock to be given back.
const unlockTime = 3 * time.Second

// Lock waits for the lock of a name, for as long as the context says. One that comes
// later is given back: nobody else would get it else.
func (s *boundedStorage) Lock(ctx context.Context, name string) error {
	select {
	case s.locking <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	storage, got := s.current(), make(chan error)
	go func() {
		defer func() { <-s.locking }()
		err := guarded(func() error { return storage.Lock(ctx, name) })
		select {
		case got <- err:
		case <-ctx.Done():
			if err == nil {
				_ = guarded(func() error { return storage.Unlock(context.WithoutCancel(ctx), name) })
			}
		}
	}()
	select {
	case err := <-got:
		if err == nil {
			s.holders.Store(name, storage)
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Unlock gives it back to the storage that gave it: a configuration that was loaded
// meanwhile has one of its own, which knows nothing of it.
func (s *boundedStorage) Unlock(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, unlockTime)
	defer cancel()
	storage := s.current()
	if holder, ok := s.holders.LoadAndDelete(name); ok {
		storage = holder.(certmagic.Storage)
	}
	_, err := bounded(ctx, s.unlocking, func() (struct{}, error) { return struct{}{}, storage.Unlock(ctx, name) })
	return err
}

// guarded has a panic be an error: a storage may be used a moment longer than its
// configuration lives, and not every one is ready for that.
func guarded(job func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("storage: panic: %v", p)
		}
	}()
	return job()
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
		var r result
		r.err = guarded(func() (err error) {
			r.value, err = job()
			return err
		})
		done <- r
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}
