package e2e

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"testing"
	"time"

	"github.com/caddyserver/certmagic"
)

// testStorage holds the storage modules of these tests to what Caddy asks of one:
// nodes over something that does less would prove nothing.
func testStorage(t *testing.T, s *store) {
	one, two := s.open(t, "contract"), s.open(t, "contract")
	other := s.open(t, "contract-of-another")
	for _, key := range []string{"a/b/one", "a/b/two", "a/bc", "a/*"} {
		if err := one.Store(t.Context(), key, []byte("value of "+key)); err != nil {
			t.Fatal(err)
		}
	}
	wantValue(t, two, "a/b/one", "value of a/b/one")
	wantMissing(t, two, "a/b")
	wantMissing(t, two, "a/b/on")
	wantMissing(t, other, "a/b/one")
	wantList(t, two, "a", false, "a/*", "a/b", "a/bc")
	wantList(t, two, "a/b", true, "a/b/one", "a/b/two")
	wantList(t, two, "a/*", true)
	wantList(t, other, "a", true)
	if info, err := two.Stat(t.Context(), "a/bc"); err != nil || !info.IsTerminal || info.Size != 13 || time.Since(info.Modified).Abs() > time.Minute {
		t.Errorf("stat: got %+v, %v", info, err)
	}
	if info, err := two.Stat(t.Context(), "a/b"); err != nil || info.IsTerminal {
		t.Errorf("stat of a directory: got %+v, %v", info, err)
	}
	if err := one.Store(t.Context(), "a/bc", []byte("again")); err != nil {
		t.Fatal(err)
	}
	wantValue(t, two, "a/bc", "again")
	for _, key := range []string{"a/b", "never"} {
		if err := one.Delete(t.Context(), key); err != nil {
			t.Errorf("delete %s: %v", key, err)
		}
	}
	wantMissing(t, two, "a/b/two")
	if two.Exists(t.Context(), "a/b") || !two.Exists(t.Context(), "a/bc") {
		t.Error("deleted was not what is under the key")
	}
	testLock(t, one, two)
}

// A lock is one node's at a time.
func testLock(t *testing.T, one, two certmagic.Storage) {
	t.Helper()
	if err := one.Lock(t.Context(), "job"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := two.Lock(ctx, "job"); err == nil {
		t.Error("two nodes have the lock")
	}
	if err := one.Unlock(t.Context(), "job"); err != nil {
		t.Fatal(err)
	}
	if err := two.Lock(t.Context(), "job"); err != nil {
		t.Fatal(err)
	}
	if err := two.Unlock(t.Context(), "job"); err != nil {
		t.Fatal(err)
	}
	if err := one.Unlock(t.Context(), "job"); err == nil {
		t.Error("a lock that is not held was given back")
	}
}

func wantValue(t *testing.T, s certmagic.Storage, key, want string) {
	t.Helper()
	if got, err := s.Load(t.Context(), key); err != nil || string(got) != want {
		t.Errorf("load %s: got %q, %v", key, got, err)
	}
}

func wantMissing(t *testing.T, s certmagic.Storage, key string) {
	t.Helper()
	if got, err := s.Load(t.Context(), key); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("load %s: got %q, %v", key, got, err)
	}
}

// wantList wants these keys of a directory; without any, that there is none.
func wantList(t *testing.T, s certmagic.Storage, dir string, recursive bool, want ...string) {
	t.Helper()
	got, err := s.List(t.Context(), dir, recursive)
	slices.Sort(got)
	if !slices.Equal(got, want) || (len(want) == 0) != errors.Is(err, fs.ErrNotExist) {
		t.Errorf("list %s: got %q, %v, want %q", dir, got, err, want)
	}
}
