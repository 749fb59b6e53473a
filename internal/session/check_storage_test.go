package session

import (
	"context"
	"errors"
	"io/fs"
	"testing"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

// shelf is a storage that may fail, and counts what is put into it.
type shelf struct {
	certmagic.Storage
	err    error
	stored int
}

func (s *shelf) Load(ctx context.Context, key string) ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	return s.Storage.Load(ctx, key)
}

func (s *shelf) Store(ctx context.Context, key string, value []byte) error {
	if s.stored++; s.err != nil {
		return s.err
	}
	return s.Storage.Store(ctx, key, value)
}

// keeperOf is one whose keys an operator gave.
func keeperOf(storage certmagic.Storage, client string, clock func() time.Time) *Keeper {
	return New(Config{
		Name: "proconnect", Lifetime: time.Hour, Keys: seal.NewKeyring(make([]byte, 32)), Issuer: "https://idp.example.fr", ClientID: client,
		Storage: storage, Log: zap.NewNop(), Shared: NewShared(storage, client, zap.NewNop()), Now: clock,
	})
}

// Keys that the operator gave are in no storage. One that no node of the client ever used
// is none that a Caddy runs with, whatever else is in it: what is written there ends no
// session.
func TestStorageOfNobodyIsRefused(t *testing.T) {
	storage := &shelf{Storage: &certmagic.FileStorage{Path: t.TempDir()}}
	node, clock := keeperOf(storage, "client", time.Now), time.Now
	wantStorage := func(when, client string, want error) {
		t.Helper()
		if err := keeperOf(storage, client, clock).CheckStorage(t.Context()); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", when, err, want)
		}
	}
	wantStorage("empty", "client", ErrStrange)
	if err := storage.Store(t.Context(), "last_clean.json", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	wantStorage("used by Caddy for something else", "client", ErrStrange)
	node.Poll(t.Context())
	wantStorage("used by a node", "client", nil)
	wantStorage("used by a node of another client", "other", ErrStrange)
	storage.err = fs.ErrPermission
	wantStorage("not to be read", "client", fs.ErrPermission)
}

// A storage that takes no trace is not tried at every look, and once it does, it has it.
func TestTraceIsTriedOnceAMinute(t *testing.T) {
	storage := &shelf{Storage: &certmagic.FileStorage{Path: t.TempDir()}, err: fs.ErrNotExist}
	now := time.Now()
	k := keeperOf(storage, "client", func() time.Time { return now })
	for range 3 {
		k.LeaveTrace(t.Context())
	}
	if storage.stored != 1 {
		t.Errorf("tried %d times at once", storage.stored)
	}
	storage.err, now = nil, now.Add(time.Minute)
	for range 3 {
		k.LeaveTrace(t.Context())
		now = now.Add(time.Minute)
	}
	if err := k.CheckStorage(t.Context()); err != nil || storage.stored != 2 {
		t.Errorf("%v after %d tries", err, storage.stored)
	}
}
