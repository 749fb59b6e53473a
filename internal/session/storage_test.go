package session

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddyserver/certmagic"
)

// lender is a storage that gives its lock when it likes, whatever the context says, and
// takes back no other's.
type lender struct {
	certmagic.Storage
	lends, takes chan struct{} // closed when it answers
	held         int
}

func newLender() *lender {
	l := &lender{lends: make(chan struct{}), takes: make(chan struct{})}
	close(l.lends)
	close(l.takes)
	return l
}

func (l *lender) Lock(context.Context, string) error {
	<-l.lends
	l.held++
	return nil
}

func (l *lender) Unlock(context.Context, string) error {
	<-l.takes
	l.held--
	return nil
}

func (*lender) Load(context.Context, string) ([]byte, error) { panic("closed") }

// A storage that hangs while it gives a lock, or takes it back, keeps nobody from sealing:
// the keys wait for it as long as their own time. A lock that comes later is given back.
func TestLocksAreWaitedForInBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		storage := newLender()
		s := newBoundedStorage(func() certmagic.Storage { return storage })
		storage.lends = make(chan struct{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if err := s.Lock(ctx, "keys"); err == nil || time.Since(began) != time.Second {
			t.Errorf("a lock that hangs: %v after %s", err, time.Since(began))
		}
		close(storage.lends)
		synctest.Wait()
		if storage.held != 0 {
			t.Error("the lock that came late is held for good")
		}
		if err := s.Lock(t.Context(), "keys"); err != nil {
			t.Error(err)
		}
		storage.takes = make(chan struct{})
		began = time.Now()
		if err := s.Unlock(t.Context(), "keys"); err == nil || time.Since(began) != unlockTime {
			t.Errorf("giving back hangs: %v after %s", err, time.Since(began))
		}
		close(storage.takes)
	})
}

// A lock that was taken before a reload goes back to the storage that gave it.
func TestLocksGoBackWhereTheyCameFrom(t *testing.T) {
	old, next := newLender(), newLender()
	current := old
	s := newBoundedStorage(func() certmagic.Storage { return current })
	if err := s.Lock(t.Context(), "keys"); err != nil {
		t.Fatal(err)
	}
	current = next
	if err := s.Unlock(t.Context(), "keys"); err != nil {
		t.Fatal(err)
	}
	if old.held != 0 || next.held != 0 {
		t.Errorf("the old storage lends %d locks, the new one %d", old.held, next.held)
	}
}

// A storage that panics, as one may that is closed, ends nothing but the job.
func TestStorageThatPanics(t *testing.T) {
	s := newBoundedStorage(func() certmagic.Storage { return newLender() })
	if _, err := s.Load(t.Context(), "keys"); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("got %v", err)
	}
}
