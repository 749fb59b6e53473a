package proconnect

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
	"github.com/caddy-proconnect/caddy-proconnect/internal/waits"
)

// nodeKeeper returns the keeper of one of several nodes that share a storage.
func nodeKeeper(t *testing.T, log *zap.Logger, storage certmagic.Storage) *session.Keeper {
	t.Helper()
	return session.New(session.Config{
		Name: "proconnect", Lifetime: time.Hour, Keys: seal.NewKeyring(make([]byte, 32)),
		Shared: session.NewShared(storage, "c", log), Storage: storage, Log: log,
	})
}

// listedStorage notes when it was listed.
type listedStorage struct {
	certmagic.Storage
	at []time.Time
}

func (s *listedStorage) List(ctx context.Context, prefix string, recursive bool) ([]string, error) {
	s.at = append(s.at, time.Now())
	return s.Storage.List(ctx, prefix, recursive)
}

// Nodes that are started together ask a storage that they share each at times of its own,
// and none more rarely than is promised.
func TestNodesLookAtTimesOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		storage := &listedStorage{Storage: &certmagic.FileStorage{Path: t.TempDir()}}
		c := &Client{keeper: nodeKeeper(t, zap.NewNop(), storage)}
		a := &App{metrics: newMetrics(), log: zap.NewNop(), pollEvery: waits.Lists, lookEvery: waits.Looks, Clients: map[string]*Client{defaultClient: c}, lists: noLists()}
		if err := a.Start(); err != nil {
			t.Fatal(err)
		}
		<-time.After(20 * waits.Looks)
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
		after := make(map[time.Duration]bool)
		for i := 1; i < len(storage.at); i++ {
			after[storage.at[i].Sub(storage.at[i-1])] = true
		}
		for d := range after {
			if d > waits.Looks {
				t.Errorf("the storage was not looked at for %s", d)
			}
		}
		if len(after) < 10 {
			t.Errorf("the storage was looked at after these times: %v", after)
		}
	})
}

// A list on a network drive that is gone keeps whoever asks for it. Logouts of other
// nodes, the other lists and the end of the app do not wait for it, and the operator is
// told of it once.
//
// The case: "a list file on a file system that hangs".
func TestListThatHangsDelaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.InfoLevel)
		log, drive := zap.New(core), make(chan struct{})
		storage := &certmagic.FileStorage{Path: t.TempDir()}
		keeper, otherNode := nodeKeeper(t, log, storage), nodeKeeper(t, log, storage)
		c := &Client{keeper: keeper}
		var looks atomic.Int64
		a := &App{metrics: newMetrics(), log: log, pollEvery: waits.Lists, lookEvery: waits.Looks, Clients: map[string]*Client{defaultClient: c}, lists: noLists()}
		a.watches = []*listWatch{
			{path: "/gone", log: log, refresh: func() (bool, error) { <-drive; return false, errors.New("too late") }},
			{path: "/there", log: log, refresh: func() (bool, error) { looks.Add(1); return false, nil }},
		}
		if err := a.Start(); err != nil {
			t.Fatal(err)
		}
		somebody := keeper.New(claims.New(nil, nil), nil, nil, time.Now())
		if keeper.Revoked(somebody.Family) {
			t.Error("revoked by nobody")
		}
		otherNode.Revoke(somebody)
		<-time.After(2 * waits.Looks)
		if !keeper.Revoked(somebody.Family) {
			t.Error("a logout on another node is not seen")
		}
		<-time.After(50 * time.Second)
		if n := looks.Load(); n < 55 {
			t.Errorf("the other list was looked at %d times in a minute", n)
		}
		if n := logs.FilterMessageSnippet("does not answer").Len(); n != 1 {
			t.Errorf("the operator is told %d times", n)
		}
		began := time.Now()
		if err := a.Stop(); err != nil || time.Since(began) > time.Second {
			t.Errorf("the end: %v after %s", err, time.Since(began))
		}
		close(drive)
		synctest.Wait()
		if n := logs.FilterMessageSnippet("good version").FilterField(zap.Error(errors.New("too late"))).Len(); n != 0 {
			t.Error("an app that has ended tells of its lists")
		}
	})
}
