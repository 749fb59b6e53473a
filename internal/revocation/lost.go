package revocation

import (
	"context"
	"time"
)

const (
	watchedFor = 10 * time.Minute // how long an object of our own is watched
	missingFor = 3                // listings without it, until it counts as lost
	againMost  = 5                // how often it is written again
)

// rewriteLost writes objects of our own again that the storage took and then lost, under
// another name. It follows a listing that was read whole. A storage that goes on losing
// them, or does not list them, is told of, and not filled with them.
func (l *List) rewriteLost(ctx context.Context) {
	now, listed, lost := l.cfg.Now(), false, false
	for _, o := range l.ownData() {
		switch {
		case now.Sub(o.seen) > watchedFor:
			o.data = nil
		case o.listed:
			o.missing, listed = 0, true
		case o.again == againMost:
			lost = true
		default:
			if o.missing++; o.missing >= missingFor {
				l.writeAgain(ctx, o)
			}
			lost = lost || o.again > 1
		}
	}
	switch {
	case lost:
		l.told(keeping, errUnlisted)
	case listed:
		l.told(keeping, nil)
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
	o.again++
	l.poll.objects[o.base] = o
}
