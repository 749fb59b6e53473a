package seal

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/caddyserver/certmagic"
)

const (
	rotateAfter  = 30 * 24 * time.Hour
	reloadEvery  = 5 * time.Second // how often an unknown key id may cost a look into the storage
	persistEvery = time.Minute     // how often a key that lives in memory only tries to be stored
	storageWait  = 3 * time.Second // how long one job in the storage may take
	retryAfter   = time.Second     // how long a storage that failed is left alone
	clockSlack   = time.Hour       // how far apart the clocks of nodes may be
)

// Keyring holds the keys: the first seals, all open.
type Keyring struct {
	storage certmagic.Storage // nil: the operator gave the keys
	path    string
	keep    time.Duration
	warn    func(message string, err error)
	now     func() time.Time

	mu          sync.Mutex // one job in the storage at a time
	current     atomic.Pointer[keys]
	lastReload  atomic.Int64 // Unix nanoseconds
	unread      atomic.Bool  // the storage did not answer when it was asked
	own         *key         // lives in memory only; nil: all are in the storage
	lastPersist time.Time
	failed      error // why there is no key
	failedAt    time.Time
}

// keys is one immutable state of a keyring, the newest key first.
type keys struct{ list []key }

type key struct {
	id      uint32
	secret  []byte
	created time.Time
}

// NewKeyring returns the keyring of keys that the operator gave; there is at
// least one.
func NewKeyring(secrets ...[]byte) *Keyring {
	k := &Keyring{now: time.Now}
	list := make([]key, len(secrets))
	for i, s := range secrets {
		list[i] = newKey(s, time.Time{})
	}
	k.current.Store(&keys{list})
	return k
}

// StoredKeyring returns a keyring whose keys are made at the first need and live
// in the storage under path, where every node finds them. A key is replaced
// after 30 days and opens for keep more. warn hears, once, of a storage that
// cannot be written: keys then live in memory, and a restart or a reload ends what they
// sealed. Nothing is read or written before the first Seal or Open.
func StoredKeyring(storage certmagic.Storage, path string, keep time.Duration, warn func(string, error)) *Keyring {
	return &Keyring{storage: storage, path: path, keep: keep + clockSlack, warn: warn, now: time.Now}
}

// Box returns a box for one purpose; the parts are bound to each other, so that
// ("a", "bc") is not ("ab", "c").
func (k *Keyring) Box(purpose ...string) *Box {
	var info []byte
	for _, p := range purpose {
		info = binary.AppendUvarint(info, uint64(len(p)))
		info = append(info, p...)
	}
	return &Box{ring: k, purpose: string(info)}
}

func newKey(secret []byte, created time.Time) key {
	id := binary.BigEndian.Uint32(expand(secret, "key id", idSize))
	return key{id, secret, created}
}

func (k *keys) index(id uint32) int {
	for i := range k.list {
		if k.list[i].id == id {
			return i
		}
	}
	return -1
}

// opening returns the keys to open with; nil if there is none yet. With reload it
// looks into the storage first, unless somebody just did.
func (k *Keyring) opening(ctx context.Context, reload bool) *keys {
	current := k.current.Load()
	if !reload || k.storage == nil {
		return current
	}
	now, last := k.now().UnixNano(), k.lastReload.Load()
	if now-last < int64(reloadEvery) && now >= last || !k.lastReload.CompareAndSwap(last, now) {
		// Wait for the job under way, if there is one: its answer serves us too.
		k.mu.Lock()
		defer k.mu.Unlock()
		return k.current.Load()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storageWait)
	defer cancel()
	loaded, err := k.load(ctx)
	if k.noteRead(err); err == nil {
		k.current.Store(k.merge(loaded))
	}
	return k.current.Load()
}

// sealing returns the keys with one in front that is fit to seal, made now if
// need be.
func (k *Keyring) sealing(ctx context.Context) (*keys, error) {
	if c := k.current.Load(); k.storage == nil || c != nil && k.fresh(c) && !k.persistDue() {
		return c, nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if c := k.current.Load(); c != nil && k.fresh(c) && k.own == nil {
		return c, nil
	}
	if k.failed != nil && k.now().Sub(k.failedAt) < retryAfter {
		return nil, k.failed
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storageWait)
	defer cancel()
	keys, err := k.renew(ctx)
	k.failed, k.failedAt = err, k.now()
	return keys, err
}

// fresh says whether the newest key may still seal. One from the future was made by
// a clock that was wrong: it would be replaced months late, or never.
func (k *Keyring) fresh(c *keys) bool {
	age := k.now().Sub(c.list[0].created)
	return age < rotateAfter && age >= -clockSlack
}

// persistDue says whether a key in memory should try the storage again.
func (k *Keyring) persistDue() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.own != nil && k.now().Sub(k.lastPersist) >= persistEvery
}

// renew reads the keys and, if none is fit to seal, makes one under the storage's
// lock: reading again after locking, so that two nodes do not make one each.
func (k *Keyring) renew(ctx context.Context) (*keys, error) {
	k.lastPersist = k.now()
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
	next := k.withNewKey(loaded)
	if err := k.store(ctx, next); err != nil {
		return k.fallback(err)
	}
	return k.adopt(next), nil
}

// unlocked looks once more where the lock was not to be had: who held it made
// the key, as a rule. Several nodes that start together queue for it in steps of
// a second, and the last ones wait longer than storageWait.
func (k *Keyring) unlocked(ctx context.Context, cause error) (*keys, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), retryAfter)
	defer cancel()
	if loaded, err := k.load(ctx); err == nil && k.fresh(loaded) {
		return k.adopt(loaded), nil
	}
	return k.fallback(cause)
}

// adopt makes keys that stand in the storage the current ones.
func (k *Keyring) adopt(stored *keys) *keys {
	merged := k.merge(stored)
	k.own = nil
	k.current.Store(merged)
	return merged
}

// merge keeps a key that lives in memory only, so that what it sealed opens on. It
// goes on sealing while those of the storage are overdue.
func (k *Keyring) merge(stored *keys) *keys {
	switch {
	case k.own == nil || stored.index(k.own.id) >= 0:
		return stored
	case k.fresh(stored):
		return &keys{append(slices.Clone(stored.list), *k.own)}
	}
	return &keys{append([]key{*k.own}, stored.list...)}
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
	k.warn("storage cannot be written: sessions are sealed with a key in memory, which a restart or a reload forgets", err)
	current = k.withNewKey(nil)
	k.own = &current.list[0]
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

// withNewKey puts a key in front of the others (one that lived in memory, if
// there is one, or a new one) and drops those whose time is over.
func (k *Keyring) withNewKey(old *keys) *keys {
	now := k.now()
	next := new(keys)
	if k.own != nil {
		next.list = append(next.list, *k.own)
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
