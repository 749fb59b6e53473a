package seal

import (
	"context"
	"errors"
	"io/fs"
	"time"
)

// ErrUnread says that a value may be ours: the storage, which has the keys, did not
// answer since the process began.
var ErrUnread = errors.New("seal: the keys were not read yet")

// noteRead records whether the storage has told which keys there are.
func (k *Keyring) noteRead(err error) {
	k.unread.Store(err != nil && !errors.Is(err, fs.ErrNotExist))
}

// invalid is what to say of a value that no key opens.
func (k *Keyring) invalid() error {
	if k.unread.Load() && k.current.Load() == nil {
		return ErrUnread
	}
	return ErrInvalid
}

// Keep has keys that are replaced open for as long as this, or longer.
func (k *Keyring) Keep(keep time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keep = max(k.keep, keep+clockSlack)
}

// Recheck has the storage asked for its keys again, as it may be another one since a
// configuration was loaded. Until it answers, these seal and open.
func (k *Keyring) Recheck() { k.moved.Store(true) }

// Reload asks the storage for keys that replaced these.
func (k *Keyring) Reload(ctx context.Context) {
	if k.storage == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, k.wait)
	defer cancel()
	if loaded, err := k.load(ctx); err == nil {
		k.current.Store(k.merge(loaded))
	}
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
