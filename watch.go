package proconnect

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/listfile"
)

// listWait is how long the configuration waits for a list. A file system on a network
// that is gone keeps whoever asks it until it comes back.
const listWait = 5 * time.Second

// lonely is a job that runs beside everything else, one at a time. If it hangs, it is
// left behind: nothing waits for it, and it is not begun again before it has ended.
type lonely struct {
	busy atomic.Bool
	ends chan struct{} // of the last run; nil before the first
}

// run begins the job, unless it is still running, and says so.
func (l *lonely) run(job func()) bool {
	if !l.busy.CompareAndSwap(false, true) {
		return false
	}
	ends := make(chan struct{})
	l.ends = ends
	go func() {
		defer close(ends)
		defer l.busy.Store(false)
		job()
	}()
	return true
}

// wait waits for the run under way, for a job that ends by itself.
func (l *lonely) wait() {
	if l.ends != nil {
		<-l.ends
	}
}

// listWatch looks at one list, again and again.
type listWatch struct {
	lonely
	path    string
	refresh func() (changed bool, err error)
	log     *zap.Logger
	since   time.Time // when the last look began
	told    bool      // that it does not end
}

func watchList(l *listfile.List, pool *listPool) *listWatch {
	refresh := func() (changed bool, err error) {
		before := l.Set().Len()
		if changed, err = l.Refresh(); changed {
			pool.tellChange(l, before)
		}
		return changed, err
	}
	return &listWatch{path: l.Path(), refresh: refresh, log: pool.log}
}

// look begins a look at the list, and says once of one that hangs. Nothing that it
// finds is told when the app has stopped meanwhile.
func (w *listWatch) look(ctx context.Context, now time.Time) {
	began := w.run(func() {
		if _, err := w.refresh(); err != nil && ctx.Err() == nil {
			w.log.Error("list: the last good version stays in force", zap.Error(err))
		}
	})
	switch {
	case began:
		w.since, w.told = now, false
	case !w.told && now.Sub(w.since) > listWait:
		w.told = true
		w.log.Error("list: its file system does not answer; the last good version stays in force", zap.String("file", w.path))
	}
}

// openList reads a list when the configuration loads. One that does not answer is an
// error, unless the running configuration holds it: what it knows stays in force.
func (p *listPool) openList(key listKey, f listfile.Format) (*listfile.List, error) {
	type opened struct {
		list *listfile.List
		err  error
	}
	done := make(chan opened, 1)
	go func() {
		l, err := p.read(key.path, f)
		done <- opened{l, err}
	}()
	timeout := time.NewTimer(p.patience())
	defer timeout.Stop()
	select {
	case o := <-done:
		return o.list, o.err
	case <-timeout.C:
	}
	p.hung = true
	if l := p.held[key]; l != nil {
		p.log.Error("list: its file system does not answer; the last good version stays in force", zap.String("file", key.path))
		return l, nil
	}
	return nil, fmt.Errorf("%s: %w", key.path, errListHangs)
}

var errListHangs = errors.New("the file system that it is on does not answer: is a network drive gone? mount it again, or copy the list to this machine")

// read opens a list, or does what a test has it do.
func (p *listPool) read(path string, f listfile.Format) (*listfile.List, error) {
	if p.opens != nil {
		return p.opens(path, f)
	}
	return listfile.Open(path, f)
}

// patience is how long to wait for a list. Twenty on one file system that is gone are
// not waited for twenty times.
func (p *listPool) patience() time.Duration {
	if p.hung {
		return listWait / 20
	}
	return listWait
}
