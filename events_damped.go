package proconnect

import (
	"sync"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// dampedFor is how often one event of one session for one reason is told: a page of the
// site that asks every second would bury everything else.
const dampedFor = time.Minute

// maxDamped bounds how many events are remembered. What has no room any more is told by
// itself again.
const maxDamped = 4096

// damper remembers which events were told lately.
type damper struct {
	now func() time.Time

	mu   sync.Mutex
	told map[dampedKey]*toldEvent
}

// dampedKey is a session, and why the event happened: the rules with what they read.
type dampedKey struct {
	family session.Family
	rule   int // that refuses, by its position; 0: none allows
	reason string
}

type toldEvent struct {
	at        time.Time
	reference string // on the line, and so on every page until the next one
	more      int    // events since, which have no line of their own
}

// counted is an event that is forgotten although some like it were not told.
type counted struct {
	rule              int
	reference, reason string
	more              int
}

// due says whether an event is to be told, and how many like it were not since the last
// one that was. Where a refusal is not, its page has the reference of that one: people
// quote it, and it must lead to a line.
func (f *damper) due(key dampedKey, reference string) (known string, more int, due bool, over []counted) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	last := f.told[key]
	if last != nil && now.Sub(last.at) < dampedFor {
		last.more++
		return last.reference, 0, false, nil
	}
	if last != nil {
		more = last.more
		delete(f.told, key)
	}
	if len(f.told) >= maxDamped {
		over = f.makeRoom(now)
	}
	if f.told == nil {
		f.told = make(map[dampedKey]*toldEvent)
	}
	f.told[key] = &toldEvent{at: now, reference: reference}
	return reference, more, true, over
}

// makeRoom forgets what is over, or else any eighth: to look through all is not for every
// event.
func (f *damper) makeRoom(now time.Time) (over []counted) {
	forget := func(key dampedKey, told *toldEvent) {
		if delete(f.told, key); told.more > 0 {
			over = append(over, counted{key.rule, told.reference, key.reason, told.more})
		}
	}
	for key, told := range f.told {
		if now.Sub(told.at) >= dampedFor {
			forget(key, told)
		}
	}
	for key, told := range f.told {
		if len(f.told) <= maxDamped*7/8 {
			break
		}
		forget(key, told)
	}
	return over
}

// rest takes what has no line of its own, at the end.
func (f *damper) rest() (over []counted) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, told := range f.told {
		if told.more > 0 {
			over = append(over, counted{key.rule, told.reference, key.reason, told.more})
		}
	}
	f.told = nil
	return over
}
