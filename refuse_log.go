package proconnect

import (
	"sync"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// refusalEvery is how often the refusal of one session for one reason is logged: a page
// of the site that asks every second would bury everything else.
const refusalEvery = time.Minute

// maxRefusals bounds how many refusals are remembered. What has no room any more is
// told by itself again.
const maxRefusals = 4096

// refusals are those that were logged lately.
type refusals struct {
	now func() time.Time

	mu   sync.Mutex
	told map[refusalKey]*toldRefusal
}

// refusalKey is a session, and the rules that refused it with what they read.
type refusalKey struct {
	family session.Family
	reason string
}

type toldRefusal struct {
	at        time.Time
	reference string // on the line, and so on every page until the next one
	more      int    // refusals since, which have no line of their own
}

// counted is a refusal that is forgotten although some were not logged.
type counted struct {
	reference, reason string
	more              int
}

// due says whether a refusal is to be logged, and how many like it were not since the
// last one that was. Where it is not, its page has the reference of that one: people
// quote it, and it must lead to a line.
func (f *refusals) due(key refusalKey, reference string) (known string, more int, due bool, over []counted) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	last := f.told[key]
	if last != nil && now.Sub(last.at) < refusalEvery {
		last.more++
		return last.reference, 0, false, nil
	}
	if last != nil {
		more = last.more
		delete(f.told, key)
	}
	if len(f.told) >= maxRefusals {
		over = f.makeRoom(now)
	}
	if f.told == nil {
		f.told = make(map[refusalKey]*toldRefusal)
	}
	f.told[key] = &toldRefusal{at: now, reference: reference}
	return reference, more, true, over
}

// makeRoom forgets what is over, or else any one.
func (f *refusals) makeRoom(now time.Time) (over []counted) {
	forget := func(key refusalKey, told *toldRefusal) {
		if delete(f.told, key); told.more > 0 {
			over = append(over, counted{told.reference, key.reason, told.more})
		}
	}
	for key, told := range f.told {
		if now.Sub(told.at) >= refusalEvery {
			forget(key, told)
		}
	}
	for key, told := range f.told {
		if len(f.told) < maxRefusals {
			break
		}
		forget(key, told)
	}
	return over
}

// rest takes what has no line of its own, at the end.
func (f *refusals) rest() (over []counted) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, told := range f.told {
		if told.more > 0 {
			over = append(over, counted{told.reference, key.reason, told.more})
		}
	}
	f.told = nil
	return over
}
