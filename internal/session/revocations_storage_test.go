package session

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
)

// memory is a storage in memory, of which a listing takes its time.
type memory struct {
	certmagic.Storage
	mu      sync.Mutex
	records map[string]bool
	listing func(context.Context) error // nil: at once
}

func (m *memory) Store(_ context.Context, key string, _ []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.records[key] = true
	return nil
}

func (m *memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.records[key] {
		return fs.ErrNotExist
	}
	delete(m.records, key)
	return nil
}

func (m *memory) List(ctx context.Context, _ string, _ bool) ([]string, error) {
	if m.listing != nil {
		if err := m.listing(ctx); err != nil {
			return nil, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Keys(m.records)), nil
}

func (m *memory) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.records)
}

// over is a moment at which no clock needs a record any more.
func over() time.Time { return time.Now().Add(-revocationsKept - time.Hour) }

// A storage that takes longer to list the logouts than a request may wait is read all
// the same: a cookie that was logged out before the restart is dead then.
func TestFirstListingMayTakeItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		storage := &memory{records: make(map[string]bool), listing: func(ctx context.Context) error {
			select {
			case <-time.After(5 * time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
		r := newRevocations(NewBoundedStorage(storage), "r", zap.NewNop())
		_ = storage.Store(t.Context(), r.name(Family{1}, time.Now().Add(time.Hour).Unix()), nil)
		began := time.Now()
		r.has(t.Context(), Family{1})
		if took := time.Since(began); took > revocationsWait {
			t.Errorf("a request waits %s", took)
		}
		r.revoke(t.Context(), Family{2}, time.Now().Add(time.Hour)) // and a logout does not wait for the listing
		if storage.count() != 2 {
			t.Error("a logout meanwhile is not in the storage")
		}
		<-time.After(5 * time.Second)
		if !r.has(t.Context(), Family{1}) {
			t.Error("a logout of before the restart is forgotten")
		}
	})
}

// Where the storage holds so many records that it never lists them, those that are over
// go all the same, some at each look; what is not over stays.
func TestEndedRecordsGoWithoutAListing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		storage := &memory{records: make(map[string]bool), listing: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		r := newRevocations(NewBoundedStorage(storage), "r", zap.NewNop())
		for i := range 2*revocationsOver + 10 {
			f := Family{1, byte(i >> 8), byte(i)}
			r.until[f] = over().Unix()
			storage.records[r.name(f, r.until[f])] = true
		}
		r.revoke(t.Context(), Family{2}, time.Now().Add(time.Hour))
		for _, left := range []int{revocationsOver + 11, 11, 1, 1} {
			r.refresh(t.Context())
			if got := storage.count(); got != left {
				t.Errorf("%d records are left, want %d", got, left)
			}
		}
		if !r.has(t.Context(), Family{2}) || len(r.until) != 1 {
			t.Errorf("%d families are remembered, want the one that is not over", len(r.until))
		}
		r.stop()
		synctest.Wait()
	})
}

// Where it does list them, no look spends itself on deleting.
func TestEndedRecordsGoSomeAtATime(t *testing.T) {
	storage := &memory{records: make(map[string]bool)}
	r := newRevocations(storage, "r", zap.NewNop())
	for i := range revocationsOver + 7 {
		storage.records[fmt.Sprintf("r/%032x.%d", i, over().Unix())] = true
	}
	for _, left := range []int{7, 0} {
		r.refresh(t.Context())
		if got := storage.count(); got != left {
			t.Errorf("%d records are left, want %d", got, left)
		}
	}
}
