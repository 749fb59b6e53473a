package sandbox

import (
	"container/list"
	"sync"
	"time"
)

// table remembers values for a while, and no more of them than its size.
type table[V any] struct {
	mu       sync.Mutex
	size     int
	lifetime time.Duration
	now      func() time.Time
	byID     map[string]*list.Element
	order    *list.List // of entries, the oldest first, which also expires first
}

type entry[V any] struct {
	id      string
	value   V
	expires time.Time
}

func newTable[V any](size int, lifetime time.Duration, now func() time.Time) *table[V] {
	return &table[V]{size: size, lifetime: lifetime, now: now, byID: make(map[string]*list.Element), order: list.New()}
}

// put stores a value as the youngest, in the place of an older one of that id.
func (t *table[V]) put(id string, v V) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.remove(t.byID[id])
	t.byID[id] = t.order.PushBack(entry[V]{id, v, t.now().Add(t.lifetime)})
	for t.order.Len() > t.size {
		t.remove(t.order.Front())
	}
}

func (t *table[V]) get(id string) (v V, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for e := t.order.Front(); e != nil && !t.now().Before(e.Value.(entry[V]).expires); e = t.order.Front() {
		t.remove(e)
	}
	e := t.byID[id]
	if e == nil {
		return v, false
	}
	return e.Value.(entry[V]).value, true
}

func (t *table[V]) delete(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.remove(t.byID[id])
}

// remove forgets an entry, if there is one. The caller holds the lock.
func (t *table[V]) remove(e *list.Element) {
	if e == nil {
		return
	}
	delete(t.byID, e.Value.(entry[V]).id)
	t.order.Remove(e)
}
