package session

import (
	"context"
	"errors"
	"io/fs"
	"time"
)

// Keys that the operator gave are in no storage, and until somebody logs out nothing else
// of the client need be. So a node leaves a trace, by which another process can tell the
// storage that this Caddy uses from any other one.

const (
	traceTime  = 2 * time.Second // how long one try may take
	traceEvery = time.Minute     // how often a storage is tried that takes no trace
)

// LeaveTrace does so, unless one is there. It is called again and again.
func (k *Keeper) LeaveTrace(ctx context.Context) {
	s, now := k.shared, k.now()
	if !k.keys.Given() || s.traced.Load() || now.UnixNano() < s.traceAgain.Load() {
		return
	}
	s.traceAgain.Store(now.Add(traceEvery).UnixNano())
	// What is begun ends: a job in the storage that is left behind would write into it
	// when this process is thought to be over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), traceTime)
	defer cancel()
	err := k.checkTrace(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		err = s.storage.Store(ctx, s.trace, []byte("A Caddy looks here for sessions of this client that were ended.\n"))
	}
	s.traced.Store(err == nil)
}

// checkTrace returns fs.ErrNotExist if no node ever used the storage.
func (k *Keeper) checkTrace(ctx context.Context) error {
	_, err := k.shared.storage.Load(ctx, k.shared.trace)
	return err
}
