package seal

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"slices"
	"syscall"
)

// renew reads the keys and, if none is fit to seal, makes one under the storage's
// lock: reading again after locking, so that two nodes do not make one each.
func (k *Keyring) renew(ctx context.Context) (*keys, error) {
	k.lastRenew.Store(k.now().UnixNano())
	loaded, err := k.load(ctx)
	if err == nil && k.fresh(loaded) {
		return k.adopt(loaded), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return k.fallback(err)
	}
	if err := k.storage.Lock(ctx, k.path); err != nil {
		return k.unlocked(ctx, err)
	}
	defer func() { _ = k.storage.Unlock(context.WithoutCancel(ctx), k.path) }()
	loaded, err = k.load(ctx)
	if err == nil && k.fresh(loaded) {
		return k.adopt(loaded), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return k.fallback(err)
	}
	next := k.successor(loaded)
	if err := k.store(ctx, next); err != nil {
		return k.fallback(err)
	}
	return k.adopt(next), nil
}

// unlocked looks once more where the lock was not to be had: who held it made
// the key, as a rule. Several nodes that start together queue for it in steps of
// a second, and the last ones wait longer than that.
func (k *Keyring) unlocked(ctx context.Context, cause error) (*keys, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), retryAfter)
	defer cancel()
	if loaded, err := k.load(ctx); err == nil && k.fresh(loaded) {
		return k.adopt(loaded), nil
	}
	return k.fallback(cause)
}

// adopt makes keys that are in the storage the current ones.
func (k *Keyring) adopt(stored *keys) *keys {
	merged := k.merge(stored)
	k.own.Store(nil)
	k.moved.Store(false)
	k.current.Store(merged)
	return merged
}

// merge keeps a key that lives in memory only, so that what it sealed opens on. It
// goes on sealing while those of the storage are overdue.
func (k *Keyring) merge(stored *keys) *keys {
	own := k.own.Load()
	switch {
	case own == nil || stored.index(own.id) >= 0:
		return stored
	case k.fresh(stored):
		return &keys{append(slices.Clone(stored.list), *own)}
	}
	return &keys{append([]key{*own}, stored.list...)}
}

// fallback decides what a storage that failed means. One that cannot be written
// does not stop logins: a key in memory serves until it can. Anything else may
// pass, and a second key made meanwhile would split the nodes: no key.
func (k *Keyring) fallback(err error) (*keys, error) {
	current := k.current.Load()
	if current != nil {
		return current, nil // overdue for rotation at worst
	}
	if !unwritable(err) {
		return nil, err
	}
	k.warn("storage cannot be written: sessions are sealed with a key in memory, which a restart forgets", err)
	current = k.withNewKey(nil)
	k.own.Store(&current.list[0])
	k.current.Store(current)
	return current, nil
}

func unwritable(err error) bool {
	for _, target := range []error{fs.ErrPermission, syscall.EROFS, syscall.ENOSPC, syscall.EDQUOT} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// successor is what to store where no key is fit to seal: a new one in front of the
// others; or the keys that there are, where they came to a storage that has none.
func (k *Keyring) successor(stored *keys) *keys {
	if c := k.current.Load(); stored == nil && k.moved.Load() && c != nil && k.fresh(c) {
		return c
	}
	return k.withNewKey(stored)
}

// withNewKey puts a key in front of the others (one that lived in memory, if
// there is one, or a new one) and drops those whose time is over.
func (k *Keyring) withNewKey(old *keys) *keys {
	now := k.now()
	next := new(keys)
	if own := k.own.Load(); own != nil {
		next.list = append(next.list, *own)
	} else {
		secret := make([]byte, keySize)
		rand.Read(secret) // never fails, by its documentation
		next.list = append(next.list, newKey(secret, now))
	}
	if old == nil {
		return next
	}
	for i, superseded := 0, now; i < len(old.list); i++ {
		if now.Sub(superseded) > k.keep {
			break
		}
		next.list = append(next.list, old.list[i])
		superseded = old.list[i].created
	}
	return next
}

// Rotate replaces all keys of the storage by a new one: what was sealed before opens no
// more, on other nodes as soon as they reload. Keys that the operator gave stay.
func (k *Keyring) Rotate(ctx context.Context) error {
	if k.storage == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, k.wait)
	defer cancel()
	if err := k.storage.Lock(ctx, k.path); err != nil {
		return err
	}
	defer func() { _ = k.storage.Unlock(context.WithoutCancel(ctx), k.path) }()
	own := k.own.Swap(nil)
	next := k.withNewKey(nil)
	if err := k.store(ctx, next); err != nil {
		k.own.Store(own)
		return err
	}
	k.current.Store(next)
	return nil
}
