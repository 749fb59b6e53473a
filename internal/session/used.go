package session

import (
	"maps"
	"sync"
	"time"
)

// maxUsed bounds how many used attempts are remembered: beyond it, ProConnect's
// one-time code alone decides.
const maxUsed = 100_000

// expiring remembers things until a time, so many at most. It needs no making.
type expiring[K comparable] struct {
	mu    sync.Mutex
	until map[K]int64 // Unix seconds
	swept int64
}

// add says whether a thing was not there, and remembers it from then on.
func (e *expiring[K]) add(thing K, now time.Time, last time.Duration, most int) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if until, there := e.until[thing]; there && until >= now.Unix() {
		return false
	}
	if e.until == nil {
		e.until = make(map[K]int64)
	}
	if e.swept < now.Add(-time.Minute).Unix() || e.swept > now.Unix() { // the clock was ahead, and is right again
		maps.DeleteFunc(e.until, func(_ K, until int64) bool { return until < now.Unix() })
		e.swept = now.Unix()
	}
	if len(e.until) < most {
		e.until[thing] = now.Add(last).Unix()
	}
	return true
}

// added says when a thing was remembered that lasts for so long, in Unix seconds.
func (e *expiring[K]) added(thing K, now time.Time, last time.Duration) (at int64, there bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	until, there := e.until[thing]
	return until - int64(last/time.Second), there && until >= now.Unix()
}

// drop forgets a thing.
func (e *expiring[K]) drop(thing K) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.until, thing)
}

// marks are what a node remembers of the logins of a client: the ids of attempts that were
// used, the secrets of browsers that made a session, and the browsers of which a tab is on
// its way to ProConnect. A login that began before a reload ends behind it.
type marks struct {
	used, spent, flights expiring[[16]byte]
}

// ConsumeAttempt says whether the attempt was still unused on this node, and uses it, so
// that a callback that comes twice makes no second call.
func (k *Keeper) ConsumeAttempt(a *Attempt, now time.Time) bool {
	return k.marks.used.add(a.id, now, attemptTime+clockSkew, maxUsed)
}
