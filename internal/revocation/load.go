package revocation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

// loadsAtOnce is how many objects are loaded side by side: a storage that takes seconds
// for each would else fall behind what other nodes write.
const loadsAtOnce = 8

// load loads the objects that are not known yet, by name, going on where the last poll
// ran out of time: one that never loads keeps none behind it from being loaded. again
// says that one was gone, so that the listing may lack what took its place.
func (l *List) load(ctx context.Context) (again bool, failed error) {
	ctx, cancel := context.WithTimeout(ctx, loadTime)
	defer cancel()
	for some := range slices.Chunk(l.unloaded(), loadsAtOnce) {
		if err := ctx.Err(); err != nil {
			return again, err
		}
		l.poll.cursor = some[len(some)-1].base
		for i, err := range l.loadSome(ctx, some) {
			o := some[i]
			switch {
			case err == nil:
				o.loaded = true
			case errors.Is(err, fs.ErrNotExist):
				o.gone++
				again = again || o.gone == 1
			case failed == nil:
				failed = fmt.Errorf("%s: %w", l.path(o.base), err)
			}
		}
	}
	return again, failed
}

// loadSome loads objects side by side, and returns the error of each.
func (l *List) loadSome(ctx context.Context, some []*object) []error {
	failed := make([]error, len(some))
	var loading sync.WaitGroup
	for i, o := range some {
		loading.Go(func() { failed[i] = l.loadObject(ctx, o) })
	}
	loading.Wait()
	return failed
}

// unloaded are the objects to load, those behind the cursor first.
func (l *List) unloaded() []*object {
	var list []*object
	now := l.now()
	for _, o := range l.poll.objects {
		if !o.loaded && o.listed && o.until+skewSeconds >= now {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b *object) int { return strings.Compare(a.base, b.base) })
	next, found := slices.BinarySearchFunc(list, l.poll.cursor, func(o *object, base string) int { return strings.Compare(o.base, base) })
	if found {
		next++
	}
	return slices.Concat(list[next:], list[:next])
}

func (l *List) loadObject(ctx context.Context, o *object) error {
	data, err := l.cfg.Storage.Load(ctx, l.path(o.base))
	if err != nil {
		return err
	}
	if o.level == peopleLevel {
		return l.loadPeople(ctx, o, data)
	}
	now := l.now()
	return eachEntry(data, func(id uint64, until uint32) {
		if int64(until)+skewSeconds >= now {
			l.families.add(id, until)
		}
	})
}
