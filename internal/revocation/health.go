package revocation

import (
	"errors"
	"sync"

	"go.uber.org/zap"
)

// The jobs whose failures are told.
const (
	reading = iota
	writing
	keeping
	jobs
)

// health tells of a storage that began to fail or works again, once each.
type health struct {
	mu      sync.Mutex
	failing [jobs]bool
}

var errUnlisted = errors.New("it does not list what it has taken")

var errSlow = errors.New("it takes more than two seconds to write")

// Failing says whether the storage fails at the moment.
func (l *List) Failing() bool {
	l.health.mu.Lock()
	defer l.health.mu.Unlock()
	return l.health.failing != [jobs]bool{}
}

func (l *List) told(job int, err error) {
	h := &l.health
	h.mu.Lock()
	before := h.failing != [jobs]bool{}
	h.failing[job] = err != nil
	after := h.failing != [jobs]bool{}
	h.mu.Unlock()
	switch {
	case after && !before:
		l.cfg.Log().Error("storage fails: a logout here is not seen on other nodes, nor theirs here, until it works again", zap.Error(err))
	case before && !after:
		l.cfg.Log().Info("storage works again: logouts are shared")
	}
}

func (l *List) tellUnwritten(count int) {
	l.cfg.Log().Error("storage fails: logouts that it has not taken are forgotten if this process ends", zap.Int("logouts", count))
}
