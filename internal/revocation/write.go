package revocation

import (
	"context"
	"maps"
	"path"
	"sync"
	"time"
)

const (
	writeTime = 30 * time.Second // for one object

	// Entries of one object: what a flood of logouts leaves over goes into the next.
	maxWritten = 1 << 15
)

// writer writes what was revoked here, one object at a time.
type writer struct {
	mu      sync.Mutex
	pending entries // not known to be in the storage
	running bool
	wanted  bool          // something came that was not tried yet
	tried   chan struct{} // closed when what is pending at this moment was tried
	written []*object     // that the poller does not know yet
}

// Revoke ends every session of a family, of which none lives after until: here at once,
// elsewhere when the other nodes look into the storage. It waits for the storage, two
// seconds at most; what the storage does not take is tried again, later.
func (l *List) Revoke(f Family, until time.Time) {
	tried := l.revoke(f, until)
	late := time.NewTimer(l.cfg.AnswerWait)
	defer late.Stop()
	select {
	case <-tried:
	case <-late.C:
		l.told(writing, errSlow)
	}
}

func (l *List) revoke(f Family, until time.Time) (tried <-chan struct{}) {
	id, end := familyKey(f), uint32(until.Unix())
	l.families.add(id, end)
	if h := l.heir.Load(); h != nil && h.runs() {
		h.list.revoke(f, until)
	}
	l.writer.mu.Lock()
	defer l.writer.mu.Unlock()
	l.writer.pending.add(id, end)
	return l.write()
}

// write has what is pending written, and returns what is closed when it was tried. The
// writer is locked.
func (l *List) write() <-chan struct{} {
	w := &l.writer
	if !w.wanted {
		w.wanted, w.tried = true, make(chan struct{})
	}
	if !w.running {
		w.running = true
		go l.writeAll()
	}
	return w.tried
}

// writeAll writes until nothing is wanted any more, one object in each interval.
func (l *List) writeAll() {
	for {
		w := &l.writer
		w.mu.Lock()
		if !w.wanted {
			w.running = false
			w.mu.Unlock()
			return
		}
		batch, tried := w.take(), w.tried
		w.wanted = false
		w.mu.Unlock()
		if len(batch) > 0 {
			l.writeBatch(batch)
		}
		close(tried)
		<-time.After(l.cfg.WriteEvery)
	}
}

// take returns what the next object holds.
func (w *writer) take() entries {
	if len(w.pending) <= maxWritten {
		return maps.Clone(w.pending)
	}
	batch := make(entries, maxWritten)
	for id, until := range w.pending {
		if len(batch) == maxWritten {
			break
		}
		batch[id] = until
	}
	return batch
}

// forget drops what is over of what a storage never took: one that is read-only for good
// would else fill the memory.
func (w *writer) forget(now int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.DeleteFunc(w.pending, func(_ uint64, until uint32) bool { return int64(until)+keptAfter < now })
}

func (l *List) writeBatch(batch entries) {
	ctx, cancel := context.WithTimeout(context.Background(), writeTime)
	defer cancel()
	o, err := l.store(ctx, batch, 0)
	l.told(writing, err)
	if err != nil {
		return
	}
	w := &l.writer
	w.mu.Lock()
	defer w.mu.Unlock()
	w.written = append(w.written, o)
	for id, until := range batch {
		if w.pending[id] == until {
			delete(w.pending, id)
		}
	}
	if len(w.pending) > 0 {
		l.write()
	}
}

// store writes an object of our own.
func (l *List) store(ctx context.Context, e entries, level int) (*object, error) {
	return l.storeData(ctx, e.encode(), name{until: e.latest(), level: level, node: l.node})
}

func (l *List) storeData(ctx context.Context, data []byte, n name) (*object, error) {
	base := newName(n)
	if err := l.cfg.Storage.Store(ctx, l.path(base), data); err != nil {
		return nil, err
	}
	return &object{name: n, base: base, seen: l.cfg.Now(), loaded: true, data: data}, nil
}

func (l *List) path(base string) string { return path.Join(l.cfg.Prefix, base) }

// End writes what the storage would not take so far, for as long as a context lasts: a
// process that ends takes it along.
func (l *List) End(ctx context.Context) {
	for {
		tried, left := l.tryPending()
		if left == 0 {
			break
		}
		select {
		case <-tried:
		case <-ctx.Done():
			l.tellUnwritten(left)
			return
		}
	}
	if err := l.writePeople(ctx); err != nil {
		l.tellUnwritten(len(l.people.unwritten()))
	}
}

// tryPending has the writer try again, and says what there is to write.
func (l *List) tryPending() (tried <-chan struct{}, left int) {
	l.writer.mu.Lock()
	defer l.writer.mu.Unlock()
	if left = len(l.writer.pending); left > 0 {
		tried = l.write()
	}
	return tried, left
}
