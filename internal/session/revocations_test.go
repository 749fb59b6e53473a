package session

import (
	"context"
	"testing"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
)

// recorded returns revocations over a storage that holds one record.
func recorded(t *testing.T, storage certmagic.Storage, f Family, until time.Time) *revocations {
	t.Helper()
	r := newRevocations(storage, "proconnect/test/revoked", zap.NewNop())
	if err := storage.Store(t.Context(), r.name(f, until.Unix()), []byte{'\n'}); err != nil {
		t.Fatal(err)
	}
	return r
}

// A record that another node wrote is found by the first request, and goes only
// when no clock can need it any more.
func TestRevocationRecords(t *testing.T) {
	for name, c := range map[string]struct {
		until time.Time
		kept  bool
	}{
		"of a live family":       {time.Now().Add(time.Hour), true},
		"for a clock two h slow": {time.Now().Add(-2 * time.Hour), true},
		"of a family long over":  {time.Now().Add(-25 * time.Hour), false},
	} {
		t.Run(name, func(t *testing.T) {
			storage, f := &certmagic.FileStorage{Path: t.TempDir()}, Family{7}
			r := recorded(t, storage, f, c.until)
			if got := r.has(t.Context(), f); got != c.kept {
				t.Errorf("the family is revoked: %v, want %v", got, c.kept)
			}
			if got := storage.Exists(context.Background(), r.name(f, c.until.Unix())); got != c.kept {
				t.Errorf("its record is there: %v, want %v", got, c.kept)
			}
		})
	}
}

// The node that finds a record over deletes it, for all: the others do not see
// it any more, and must forget the family by themselves. What would stay is one
// entry for each logout there ever was.
func TestEndedRevocationsAreForgotten(t *testing.T) {
	for name, c := range map[string]struct {
		until   time.Time
		waiting bool // the storage has not taken it yet
		kept    bool
	}{
		"over, and deleted by another node": {time.Now().Add(-25 * time.Hour), false, false},
		"over for a clock two h slow":       {time.Now().Add(-2 * time.Hour), false, true},
		"alive, its record lost":            {time.Now().Add(time.Hour), false, true},
		"over, and still to be written":     {time.Now().Add(-25 * time.Hour), true, true},
	} {
		t.Run(name, func(t *testing.T) {
			storage, f := &certmagic.FileStorage{Path: t.TempDir()}, Family{7}
			r := newRevocations(storage, "proconnect/test/revoked", zap.NewNop())
			r.revoke(t.Context(), f, c.until)
			if err := storage.Delete(t.Context(), r.name(f, c.until.Unix())); err != nil {
				t.Fatal(err)
			}
			if c.waiting {
				r.pending[f] = struct{}{}
			}
			if err := r.read(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := len(r.until) == 1; got != c.kept {
				t.Errorf("the family is remembered: %v, want %v", got, c.kept)
			}
		})
	}
}
