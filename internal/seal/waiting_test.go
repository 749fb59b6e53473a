package seal

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// deafStorage answers nothing before its callers' time is over, or it is woken, when told.
type deafStorage struct {
	*faultyStorage
	deaf  atomic.Bool
	asked atomic.Int32
	woken chan struct{}
}

func (s *deafStorage) Load(ctx context.Context, key string) ([]byte, error) {
	if s.deaf.Load() {
		s.asked.Add(1)
		select {
		case <-ctx.Done():
		case <-s.woken:
		}
		return nil, context.DeadlineExceeded
	}
	return s.faultyStorage.Load(ctx, key)
}

// A storage that does not answer on the day when the key is due costs one value a minute
// its time, and not each of them, one behind the other.
func TestOverdueKeyKeepsNobodyWaiting(t *testing.T) {
	storage, now, warnings := &deafStorage{faultyStorage: newStorage(t)}, time.Now(), []string(nil)
	ring := node(storage, &now, &warnings)
	box := ring.Box("s")
	mustSeal(t, box, "x", "p")
	now = now.Add(rotateAfter + time.Minute)
	ring.wait = 10 * time.Millisecond
	storage.deaf.Store(true)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { mustSeal(t, box, "x", "p") })
	}
	all.Wait()
	mustSeal(t, box, "x", "p")
	if n := storage.asked.Load(); n != 1 {
		t.Errorf("21 values asked %d times, want once", n)
	}
	storage.deaf.Store(false)
	ring.wait = StorageWait
	now = now.Add(renewEvery)
	before := ring.current.Load()
	if mustSeal(t, box, "x", "p"); ring.current.Load() == before {
		t.Error("the key is not replaced once the storage answers")
	}
}

// Somebody who sends values of keys that nobody has makes the storage be asked. Nothing
// that is sealed meanwhile waits for its answer.
func TestSealingDoesNotWaitForUnknownKeys(t *testing.T) {
	storage, now, warnings := &deafStorage{faultyStorage: newStorage(t), woken: make(chan struct{})}, time.Now(), []string(nil)
	ring := node(storage, &now, &warnings)
	ring.wait = 20 * time.Second
	box := ring.Box("s")
	mustSeal(t, box, "x", "p")
	foreign := mustSeal(t, NewKeyring(testKey(8)).Box("s"), "x", "p")
	storage.deaf.Store(true)
	opened := make(chan struct{})
	go func() {
		defer close(opened)
		_, _ = box.Open(t.Context(), foreign, "p")
	}()
	for storage.asked.Load() == 0 {
		runtime.Gosched()
	}
	mustSeal(t, box, "x", "p")
	select {
	case <-opened:
		t.Error("it waits for the storage's answer")
	default:
	}
	close(storage.woken)
	<-opened
}

// A configuration may bring another storage. Where that does not answer, the keys that
// there are go on; where it has keys, they count; where it has none, it gets these.
func TestKeysOfAnotherStorage(t *testing.T) {
	for name, c := range map[string]struct {
		keys, fails bool
		same        bool // what was sealed before opens
	}{
		"the same":            {keys: true, same: true},
		"empty":               {same: true},
		"it does not answer":  {fails: true, same: true},
		"it has keys already": {keys: true},
	} {
		t.Run(name, func(t *testing.T) {
			storage, now, warnings := newStorage(t), time.Now(), []string(nil)
			ring := node(storage, &now, &warnings)
			box := ring.Box("s")
			before := mustSeal(t, box, "x", "p")
			if !(c.keys && c.same) {
				storage.Storage = newStorage(t).Storage
			}
			if c.keys && !c.same {
				mustSeal(t, node(storage, &now, &warnings).Box("s"), "x", "p")
			}
			if c.fails {
				storage.set(errors.New("refused"), errors.New("refused"))
			}
			ring.Recheck()
			now = now.Add(renewEvery)
			after := mustSeal(t, box, "x", "p")
			if c.same != (after[:5] == before[:5]) || !opens(t, box, after) || c.same && !opens(t, box, before) {
				t.Errorf("the same key: %v, want %v", after[:5] == before[:5], c.same)
			}
			storage.set(nil, nil)
			if other := node(storage, &now, &warnings).Box("s"); !c.fails && !opens(t, other, after) {
				t.Error("it does not open on a node that starts with this storage")
			}
		})
	}
}
