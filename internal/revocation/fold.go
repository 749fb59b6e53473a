package revocation

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"
)

const (
	foldSize     = 32               // objects of one level that become one of the next
	foldAge      = time.Minute      // how old they are at least
	foldWait     = time.Minute      // how long the union and its parts are both there
	foldOthers   = 15 * time.Minute // how long another node has written nothing, until its objects are anybody's
	foldTime     = 30 * time.Second // how long one poll folds
	foldsAPoll   = 4                // that begin
	foldRest     = time.Minute      // after one that failed
	foldTogether = 4                // one poll in so many takes up what another node left
)

// fold is a union that takes the place of its parts.
type fold struct {
	parts  []*object
	union  *object
	data   []byte    // of the union
	proved time.Time // when it was listed and loaded from the storage
	base   string    // its name then
}

// fold makes one object of many. It follows a listing that was read whole.
func (l *List) fold(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, foldTime)
	defer cancel()
	l.poll.folds = slices.DeleteFunc(l.poll.folds, func(f *fold) bool {
		if !l.finish(ctx, f) {
			return false
		}
		for _, o := range f.parts {
			o.folding = false
		}
		return true
	})
	if l.cfg.Now().Before(l.poll.rest) {
		return
	}
	for range foldsAPoll {
		parts := l.foldable()
		if parts == nil {
			return
		}
		if !l.unite(ctx, parts) {
			l.poll.rest = l.cfg.Now().Add(foldRest)
			return
		}
	}
}

// finish takes a union as far as it can, and says whether it is done with: its parts are
// deleted, or it is lost itself. Each step asks the storage, not our memory of it: this
// is the only place where something is deleted that is still needed.
func (l *List) finish(ctx context.Context, f *fold) (done bool) {
	u := f.union
	if l.poll.objects[u.base] != u {
		return true
	}
	if !u.listed {
		f.proved = time.Time{}
		return false
	}
	if f.proved.IsZero() || f.base != u.base {
		if data, err := l.cfg.Storage.Load(ctx, l.path(u.base)); err == nil && bytes.Equal(data, f.data) {
			f.proved, f.base = l.cfg.Now(), u.base
		}
		return false
	}
	if l.cfg.Now().Sub(f.proved) < foldWait {
		return false
	}
	for _, o := range f.parts {
		if l.poll.objects[o.base] == o && l.remove(ctx, o.base) != nil {
			return false
		}
	}
	return true
}

// unite writes the union of some objects.
func (l *List) unite(ctx context.Context, parts []*object) bool {
	union := make(entries)
	for _, o := range parts {
		part, err := l.contents(ctx, o)
		if err != nil {
			o.loaded = false // not one to fold, until it loads again
			return false
		}
		union.merge(part, l.now()-keptAfter)
	}
	if len(union) == 0 || len(union) > maxObjectEntries {
		for _, o := range parts {
			o.full = true
		}
		return true
	}
	u, err := l.store(ctx, union, parts[0].level+1)
	if err != nil {
		return false
	}
	l.poll.objects[u.base] = u
	for _, o := range parts {
		o.folding = true
	}
	l.poll.folds = append(l.poll.folds, &fold{parts: parts, union: u, data: u.data})
	return true
}

// contents returns what an object holds.
func (l *List) contents(ctx context.Context, o *object) (entries, error) {
	data, part := o.data, make(entries)
	if data == nil {
		var err error
		if data, err = l.cfg.Storage.Load(ctx, l.path(o.base)); err != nil {
			return nil, err
		}
	}
	return part, eachEntry(data, part.add)
}

// foldable returns objects of one level to fold, those that are over first: our own, or
// those of nodes that are gone.
func (l *List) foldable() []*object {
	now := l.cfg.Now()
	active := make(map[string]bool)
	for _, o := range l.poll.objects {
		active[o.node] = active[o.node] || now.Sub(o.seen) < foldOthers
	}
	others := l.cfg.Jitter(foldTogether) == 0
	var own, left [maxLevel][]*object
	for _, o := range l.poll.objects {
		switch {
		case o.level == peopleLevel, o.level >= maxLevel, o.folding, o.full, !o.listed, !o.loaded, now.Sub(o.seen) < foldAge:
		case o.node == l.node:
			own[o.level] = append(own[o.level], o)
		case others && !active[o.node]:
			left[o.level] = append(left[o.level], o)
		}
	}
	for _, list := range slices.Concat(own[:], left[:]) {
		if len(list) >= foldSize {
			slices.SortFunc(list, func(a, b *object) int { return strings.Compare(a.base, b.base) })
			return list[:foldSize]
		}
	}
	return nil
}
