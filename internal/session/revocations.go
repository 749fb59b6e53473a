package session

import (
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
)

const (
	revocationsEvery = 5 * time.Second // how often the storage is asked
	revocationsWait  = 2 * time.Second // how long a request may wait for the first answer

	// How long the storage may take to list the records, which are one for each logout
	// of the last day: nobody waits for that.
	revocationsRead = 30 * time.Second
	revocationsOver = 500 // records that are deleted at one look

	// How long a record outlives what it revokes. A clock that jumped ahead would
	// else have this node delete, for all, records that are still needed once the
	// clock is right again: an hour or two is what a time zone makes of it.
	revocationsKept = 24 * time.Hour
)

// revocations are the families that were logged out. Each is one small record
// in the storage, whose name says all there is to say, so that nodes which
// write at the same time never overwrite each other.
type revocations struct {
	storage certmagic.Storage
	prefix  string
	log     *zap.Logger

	life    context.Context // of what is read beside the requests
	stop    context.CancelFunc
	reading atomic.Bool // one look at a time
	first   sync.Once
	loaded  atomic.Bool
	mu      sync.RWMutex
	until   map[Family]int64    // when the family's lifetime is over, Unix seconds
	pending map[Family]struct{} // not in the storage yet
	failing bool
}

func newRevocations(storage certmagic.Storage, prefix string, log *zap.Logger) *revocations {
	life, stop := context.WithCancel(context.Background())
	return &revocations{
		storage: storage, prefix: prefix, log: log, life: life, stop: stop,
		until: make(map[Family]int64), pending: make(map[Family]struct{}),
	}
}

// has says whether a family was revoked. The first caller of all waits for the
// storage, two seconds at most: a cookie that was logged out before a restart
// stays dead after it. A storage that takes longer is read all the same.
func (r *revocations) has(_ context.Context, f Family) bool {
	if !r.loaded.Load() {
		r.first.Do(func() {
			read := make(chan struct{})
			go func() {
				defer close(read)
				r.refresh(r.life)
			}()
			late := time.NewTimer(revocationsWait)
			defer late.Stop()
			select {
			case <-read:
			case <-late.C:
			}
			r.loaded.Store(true)
		})
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	_, revoked := r.until[f]
	return revoked
}

// revoke ends every session of a Family: here at once, elsewhere when the other
// nodes look into the storage. A storage that fails is tried again later.
func (r *revocations) revoke(ctx context.Context, f Family, until time.Time) {
	r.mu.Lock()
	r.until[f] = until.Unix()
	r.pending[f] = struct{}{}
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revocationsWait)
	defer cancel()
	r.told(r.flush(ctx))
}

// end writes what is pending, if the storage takes it by now, and leaves what is
// being read.
func (r *revocations) end(ctx context.Context) {
	r.stop()
	if err := r.flush(ctx); err != nil {
		r.log.Error("storage fails: logouts of the last minutes are forgotten with this process, or this configuration", zap.Error(err))
	}
}

// refresh writes what is pending, reads what other nodes revoked, and forgets
// what has ended by itself. Each has a time of its own: a storage that does not take
// or list the one may do the other.
func (r *revocations) refresh(ctx context.Context) {
	if !r.reading.CompareAndSwap(false, true) {
		return
	}
	defer r.reading.Store(false)
	var failed error
	for _, job := range []struct {
		do   func(context.Context) error
		time time.Duration
	}{{r.flush, revocationsWait}, {r.sweep, revocationsWait}, {r.read, revocationsRead}} {
		ctx, cancel := context.WithTimeout(ctx, job.time)
		if err := job.do(ctx); failed == nil {
			failed = err
		}
		cancel()
	}
	if ctx.Err() != nil {
		return // the app stops
	}
	r.told(failed)
}

// sweep deletes the records that are over of families that are known here, some at a
// time. Those of others are found by read; but a storage that holds so many that it
// never lists them would never lose one.
func (r *revocations) sweep(ctx context.Context) error {
	needless := time.Now().Add(-revocationsKept).Unix()
	over := make(map[Family]string)
	r.mu.RLock()
	for f, until := range r.until {
		if _, waiting := r.pending[f]; !waiting && until < needless && len(over) < revocationsOver {
			over[f] = r.name(f, until)
		}
	}
	r.mu.RUnlock()
	for f, name := range over {
		if err := r.storage.Delete(ctx, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		r.mu.Lock()
		delete(r.until, f)
		r.mu.Unlock()
	}
	return nil
}

// flush writes the records that are not in the storage yet.
func (r *revocations) flush(ctx context.Context) error {
	r.mu.RLock()
	names := make(map[Family]string, len(r.pending))
	for f := range r.pending {
		names[f] = r.name(f, r.until[f])
	}
	r.mu.RUnlock()
	for f, name := range names {
		if err := r.storage.Store(ctx, name, []byte{'\n'}); err != nil {
			return err
		}
		r.mu.Lock()
		delete(r.pending, f)
		r.mu.Unlock()
	}
	return nil
}

// read takes over the records of the storage and drops those that are over.
func (r *revocations) read(ctx context.Context) error {
	names, err := r.storage.List(ctx, r.prefix, false)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	needless := time.Now().Add(-revocationsKept).Unix()
	var over []string
	r.mu.Lock()
	for _, name := range names {
		f, until, ok := parseRevocation(path.Base(name))
		switch {
		case !ok:
		case until < needless:
			over = append(over, name)
			delete(r.until, f)
		default:
			r.until[f] = until
		}
	}
	for f, until := range r.until {
		if _, waiting := r.pending[f]; !waiting && until < needless {
			delete(r.until, f)
		}
	}
	r.mu.Unlock()
	for _, name := range over[:min(len(over), revocationsOver)] {
		if err := r.storage.Delete(ctx, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// told logs a storage that began to fail or works again, once each.
func (r *revocations) told(err error) {
	r.mu.Lock()
	changed := r.failing != (err != nil)
	r.failing = err != nil
	r.mu.Unlock()
	switch {
	case changed && err != nil:
		r.log.Error("storage fails: a logout here is not seen on other nodes, nor theirs here, until it works again", zap.Error(err))
	case changed:
		r.log.Info("storage works again: logouts are shared")
	}
}

func (r *revocations) name(f Family, until int64) string {
	return path.Join(r.prefix, hex.EncodeToString(f[:])+"."+strconv.FormatInt(until, 10))
}

func parseRevocation(name string) (f Family, until int64, ok bool) {
	id, end, _ := strings.Cut(name, ".")
	if n, err := hex.Decode(f[:], []byte(id[:min(len(id), 2*len(f))])); err != nil || n != len(f) || len(id) != 2*len(f) {
		return f, 0, false
	}
	until, err := strconv.ParseInt(end, 10, 64)
	return f, until, err == nil
}
