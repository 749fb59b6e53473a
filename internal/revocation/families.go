package revocation

import (
	"encoding/binary"
	"maps"
	"math"
	"sync"
	"sync/atomic"
)

// Family is the id of a family of logins.
type Family = [16]byte

const shards = 64

// families is what a node remembers: the only part that grows, and that every request
// asks. It is in parts, so that forgetting keeps no request waiting.
type families struct {
	shards [shards]shard
	next   int // to be looked through

	// Entries that were over by this time, in Unix seconds, may be forgotten.
	horizon atomic.Int64
}

type shard struct {
	mu    sync.RWMutex
	until entries
	first uint32 // when the first of them is over, at the earliest
}

func familyKey(f Family) uint64 { return binary.BigEndian.Uint64(f[:]) }

func (m *families) shard(id uint64) *shard { return &m.shards[id>>58] }

func (m *families) add(id uint64, until uint32) {
	s := m.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.until) == 0 {
		s.until, s.first = make(entries), until
	}
	s.first = min(s.first, until)
	s.until.add(id, until)
}

func (m *families) has(id uint64) bool {
	s := m.shard(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, ok := s.until[id]
	return ok
}

func (m *families) count() (n int) {
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.RLock()
		n += len(s.until)
		s.mu.RUnlock()
	}
	return n
}

// forgets says whether something that ends then may be forgotten already.
func (m *families) forgets(until int64) bool { return until+skewSeconds < m.horizon.Load() }

// advance moves the time by which things may be forgotten: first, so that nobody misses
// what goes next.
func (m *families) advance(now int64) {
	if now > m.horizon.Load() {
		m.horizon.Store(now)
	}
}

// forget drops what is over of one shard: of all in five minutes.
func (m *families) forget(now int64) {
	m.advance(now)
	m.shards[m.next].forget(now)
	m.next = (m.next + 1) % shards
}

func (s *shard) forget(now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.until)
	if before == 0 || int64(s.first)+skewSeconds >= now {
		return
	}
	s.first = math.MaxUint32
	for id, until := range s.until {
		if int64(until)+skewSeconds < now {
			delete(s.until, id)
			continue
		}
		s.first = min(s.first, until)
	}
	if len(s.until) < before/2 { // a map never gives memory back
		kept := make(entries, len(s.until))
		maps.Copy(kept, s.until)
		s.until = kept
	}
}
