package revocation

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"path"
	"time"
)

const (
	listTime  = 30 * time.Second // how long the storage may take to list the names
	loadTime  = 30 * time.Second // how long one poll loads objects
	sweepTime = 5 * time.Second  // how long one poll deletes what is over
	sweepMost = 500              // and how many

	// How long an object outlives what it holds: a clock that jumped ahead would else
	// have its node delete, for all, what is needed once it is right again.
	keptAfter = int64(24 * time.Hour / time.Second)

	// How often one poll lists: once, and again as long as names are gone when loaded.
	listings = 4
)

// object is one that was listed, or written here.
type object struct {
	name
	base    string
	seen    time.Time // first, by this node
	listed  bool      // in the last listing
	loaded  bool
	gone    int       // how often it was not there when it was to be loaded
	sealed  time.Time // since when it cannot be opened
	missing int       // listings without it, one after the other
	again   int       // how often it was written again
	data    []byte    // of an object of our own, as long as it may have to be written again
	folding bool      // part of a union under way
	full    bool      // too large to be folded
}

// poll is what the job that looks into the storage works with. There is one at a time.
type poll struct {
	objects map[string]*object
	cursor  string   // the last name that was tried
	over    []string // records of before that nobody needs
	folds   []*fold
	rest    time.Time // no fold begins before
	listed  bool      // in this poll, whether or not all was loaded
	reread  bool      // everything is read anew
}

// Poll writes what is pending, reads what other nodes revoked, and keeps the storage
// small. It is called again and again; false says that it was under way already.
func (l *List) Poll(ctx context.Context) bool {
	if !l.polling.CompareAndSwap(false, true) {
		return false
	}
	defer l.polling.Store(false)
	l.adopt()
	l.tryPending()
	l.poll.listed = false
	err := l.read(ctx)
	if l.poll.listed {
		l.rewriteLost(ctx)
		l.fold(ctx)
	}
	l.reloadKeys(ctx)
	l.sweep(ctx)
	l.forget()
	if peopleErr := l.writePeople(ctx); err == nil {
		err = peopleErr
	}
	if ctx.Err() == nil { // else the app stops
		l.told(reading, err)
	}
	return true
}

// adopt takes over the objects that the writer wrote since.
func (l *List) adopt() {
	l.writer.mu.Lock()
	written := l.writer.written
	l.writer.written = nil
	l.writer.mu.Unlock()
	for _, o := range written {
		l.poll.objects[o.base] = o
	}
}

func (l *List) forget() {
	now := l.now()
	l.families.forget(now)
	l.people.forget(now)
	l.writer.forget(now)
}

// read takes over what the storage holds, and says that all of it is known when that is
// so: every name of a listing was loaded, or listed again and gone twice. What takes its
// place was in the listing then.
func (l *List) read(ctx context.Context) error {
	began := l.now()
	l.noticeClock(began)
	for range listings {
		if err := l.list(ctx); err != nil {
			return err
		}
		again, err := l.load(ctx)
		if err != nil {
			return err
		}
		if !again {
			l.readWhole(began)
			return nil
		}
	}
	return errors.New("revocation: objects are gone faster than they can be listed")
}

func (l *List) readWhole(began int64) {
	if l.poll.reread {
		l.poll.reread = false
		l.families.horizon.Store(began)
	}
	l.families.advance(began)
	if !l.ready.Swap(true) {
		close(l.whole)
	}
}

// noticeClock begins to read everything anew when the clock went back: what was over by
// the earlier time was forgotten, and is needed again.
func (l *List) noticeClock(now int64) {
	if !l.families.forgets(now) {
		return
	}
	l.poll.reread = true
	for _, o := range l.poll.objects {
		if o.loaded, o.gone = false, 0; o.data != nil && o.level != peopleLevel {
			_ = eachEntry(o.data, l.families.add) // we encoded it
		}
	}
	l.writer.mu.Lock()
	defer l.writer.mu.Unlock()
	for id, until := range l.writer.pending {
		l.families.add(id, until)
	}
}

// list notes which objects there are.
func (l *List) list(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	names, err := l.names(ctx)
	if err != nil {
		return err
	}
	for _, o := range l.poll.objects {
		o.listed = false
	}
	l.poll.over = l.poll.over[:0]
	now := l.cfg.Now()
	for _, full := range names {
		base := path.Base(full)
		if o := l.poll.objects[base]; o != nil {
			o.listed = true
			continue
		}
		if n, ok := parseName(base); ok {
			l.poll.objects[base] = &object{name: n, base: base, seen: now, listed: true}
			continue
		}
		l.takeRecord(base, now.Unix())
	}
	l.checkStorage()
	maps.DeleteFunc(l.poll.objects, func(_ string, o *object) bool { return !o.listed && o.data == nil })
	l.poll.listed = true
	return nil
}

// names lists the storage. That there is no folder means that nothing was ever written;
// but a storage of files says the same when one of its files goes while it looks, with
// some of the names or none, and that is no listing.
func (l *List) names(ctx context.Context) (names []string, err error) {
	for range listings {
		names, err = l.cfg.Storage.List(ctx, l.cfg.Prefix, false)
		if !errors.Is(err, fs.ErrNotExist) {
			return names, err
		}
		if len(names) == 0 && !l.cfg.Storage.Exists(ctx, l.cfg.Prefix) {
			return nil, nil
		}
	}
	return nil, err
}
