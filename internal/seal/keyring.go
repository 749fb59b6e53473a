package seal

import (
	"context"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/certmagic"
)

const (
	rotateAfter = 30 * 24 * time.Hour
	reloadEvery = 5 * time.Second // how often an unknown key id may cost a look into the storage
	renewEvery  = time.Minute     // how often a key that should be replaced or stored asks the storage
	retryAfter  = time.Second     // how long a storage that failed is left alone
	clockSlack  = time.Hour       // how far apart the clocks of nodes may be
)

// StorageWait is how long one job in the storage may take. It is a variable for the sake
// of tests of a whole Caddy.
var StorageWait = 3 * time.Second

// Keyring holds the keys: the first seals, all open.
type Keyring struct {
	storage certmagic.Storage // nil: the operator gave the keys
	wait    time.Duration     // StorageWait, when the keyring was made
	path    string
	keep    time.Duration
	warn    func(message string, err error)
	now     func() time.Time

	mu         sync.Mutex // one job in the storage at a time
	current    atomic.Pointer[keys]
	lastReload atomic.Int64        // Unix nanoseconds
	lastRenew  atomic.Int64        // Unix nanoseconds
	unread     atomic.Bool         // the storage did not answer when it was asked
	moved      atomic.Bool         // the storage may be another one than had these keys
	own        atomic.Pointer[key] // lives in memory only; nil: all are in the storage
	failed     error               // why there is no key
	failedAt   time.Time
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
// cannot be written: keys then live in memory, and a restart ends what they sealed.
// Nothing is read or written before the first Seal or Open.
func StoredKeyring(storage certmagic.Storage, path string, keep time.Duration, warn func(string, error)) *Keyring {
	return &Keyring{storage: storage, wait: StorageWait, path: path, keep: keep + clockSlack, warn: warn, now: time.Now}
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

// Given says whether the operator gave the keys, so that they are in no storage.
func (k *Keyring) Given() bool { return k.storage == nil }

// Created is when the key was made that seals; zero if there is none, or the operator
// gave it.
func (k *Keyring) Created() time.Time {
	if c := k.current.Load(); c != nil {
		return c.list[0].created
	}
	return time.Time{}
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
	due := (now-last >= int64(reloadEvery) || now < last) && k.lastReload.CompareAndSwap(last, now)
	k.mu.Lock() // of a job under way, the answer serves us too
	defer k.mu.Unlock()
	if due {
		k.noteRead(k.read(context.WithoutCancel(ctx)))
	}
	return k.current.Load()
}

// sealing returns the keys with one in front that is fit to seal, made now if
// need be. Whoever has a key that seals does not wait for the storage: one at a time
// asks it for a better one, and all others go on with what there is.
func (k *Keyring) sealing(ctx context.Context) (*keys, error) {
	c := k.current.Load()
	switch {
	case c == nil:
		k.mu.Lock()
	case k.storage == nil || !k.renewalDue(c) || !k.mu.TryLock():
		return c, nil
	}
	defer k.mu.Unlock()
	if c := k.current.Load(); c != nil && !k.renewalDue(c) {
		return c, nil
	}
	if k.failed != nil && k.now().Sub(k.failedAt) < retryAfter {
		return nil, k.failed
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), k.wait)
	defer cancel()
	keys, err := k.renew(ctx)
	k.failed, k.failedAt = err, k.now()
	return keys, err
}

// renewalDue says whether to ask the storage for a better key than the one that seals:
// not at every value, when it does not answer.
func (k *Keyring) renewalDue(c *keys) bool {
	if k.fresh(c) && k.own.Load() == nil && !k.moved.Load() {
		return false
	}
	since := k.now().UnixNano() - k.lastRenew.Load()
	return since < 0 || since >= int64(renewEvery)
}

// fresh says whether the newest key may still seal. One from the future was made by
// a clock that was wrong: it would be replaced months late, or never.
func (k *Keyring) fresh(c *keys) bool {
	age := k.now().Sub(c.list[0].created)
	return age < rotateAfter && age >= -clockSlack
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
func (k *Keyring) Reload(ctx context.Context) { _ = k.Read(ctx) }

// Read asks the storage for the keys, and makes none: where there are none, the error is
// fs.ErrNotExist. Those that the operator gave are there.
func (k *Keyring) Read(ctx context.Context) error {
	if k.storage == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.read(ctx)
}

func (k *Keyring) read(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, k.wait)
	defer cancel()
	loaded, err := k.load(ctx)
	if err != nil {
		return err
	}
	k.current.Store(k.merge(loaded))
	return nil
}
