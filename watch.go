package proconnect

import (
	"context"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/listfile"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

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
	field   string // what its values are compared with
	refresh func() (changed bool, err error)
	log     *zap.Logger
	since   time.Time // when the last look began
	told    bool      // that it does not end
}

func watchList(l *listfile.List, lists *rules.Lists, log *zap.Logger, changed func(l *listfile.List, before int)) *listWatch {
	refresh := func() (taken bool, err error) {
		before := l.Set().Len()
		if taken, err = l.Refresh(); taken {
			lists.TellChange(l, before)
			changed(l, before)
		}
		return taken, err
	}
	return &listWatch{path: l.Path(), field: l.Field(), refresh: refresh, log: log}
}

// look begins a look at the list, and says once of one that hangs. Nothing that it
// finds is told when the app has stopped meanwhile.
func (w *listWatch) look(ctx context.Context, now time.Time) {
	began := w.run(func() {
		if _, err := w.refresh(); err != nil && ctx.Err() == nil {
			w.log.Error("list: the last good version stays in force", zap.String("field", w.field), zap.Error(err))
		}
	})
	switch {
	case began:
		w.since, w.told = now, false
	case !w.told && now.Sub(w.since) > rules.ListWait:
		w.told = true
		w.log.Error("list: its file system does not answer; the last good version stays in force", zap.String("file", w.path), zap.String("field", w.field))
	}
}
