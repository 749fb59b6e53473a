package revocation

import (
	"context"
	"time"
)

const (
	watchedFor = 10 * time.Minute // how long an object of our own is watched
	missingFor = 3                // listings without it, until it counts as lost
)

// rewriteLost writes objects of our own again that the storage took and then lost, under
// another name. It follows a listing that was read whole.
func (l *List) rewriteLost(ctx context.Context) {
	now := l.cfg.Now()
	for _, o := range l.ownData() {
		switch {
		case now.Sub(o.seen) > watchedFor:
			o.data = nil
		case o.listed:
			o.missing = 0
		default:
			if o.missing++; o.missing >= missingFor {
				l.writeAgain(ctx, o)
			}
		}
	}
}

// ownData are the objects that can be written again.
func (l *List) ownData() (list []*object) {
	for _, o := range l.poll.objects {
		if o.data != nil {
			list = append(list, o)
		}
	}
	return list
}

func (l *List) writeAgain(ctx context.Context, o *object) {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	again, err := l.storeData(ctx, o.data, o.name)
	l.told(writing, err)
	if err != nil {
		return
	}
	delete(l.poll.objects, o.base)
	o.base, o.seen, o.missing = again.base, again.seen, 0
	l.poll.objects[o.base] = o
}
