package revocation

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// swapped is a storage that a configuration may have replaced by another.
type swapped struct{ *memory }

// A configuration may bring another storage that looks like the one before. What is known
// is written there, logouts and people, and a node that starts over it knows them. Where
// it is the same storage, nothing is written again.
func TestAnotherStorageGetsWhatIsKnown(t *testing.T) {
	for name, moved := range map[string]bool{"another": true, "the same": false} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				storage := &swapped{newMemory()}
				l := node(storage, &right)
				l.Revoke(family(1), in(time.Hour))
				_, _ = l.EndPeople(t.Context(), "sub", "1")
				pass(t, 15*time.Minute, l) // so that it is not written again for being lost
				before := len(storage.names())
				if moved {
					storage.memory = newMemory()
				}
				l.Recheck()
				pass(t, 2*PollEvery, l)
				synctest.Wait()
				if n := len(storage.names()); n != before {
					t.Errorf("it holds %d objects, want %d", n, before)
				}
				restarted := node(storage, &right)
				expect(t, restarted, family(1), Revoked, "who logged out")
				expect(t, restarted, family(2), Alive, "who did not")
				if restarted.PeopleBefore(person(jean, "sub")) != 0 || len(restarted.people.known()) != 1 {
					t.Errorf("it knows %v", restarted.people.known())
				}
			})
		})
	}
}

// While it does not answer, what is known holds.
func TestAnotherStorageThatDoesNotAnswer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		l := node(storage, &right)
		l.Revoke(family(1), in(time.Hour))
		pass(t, time.Minute, l)
		storage.befall = func(string, string) error { return errBroken }
		l.Recheck()
		pass(t, time.Minute, l)
		expect(t, l, family(1), Revoked, "who logged out")
		expect(t, l, family(2), Alive, "who did not")
	})
}

// unlisting is a storage that takes everything and lists nothing.
type unlisting struct{ *memory }

func (unlisting) List(context.Context, string, bool) ([]string, error) { return nil, nil }

// A storage that does not list what it took is not filled with it, and is told of.
func TestStorageThatListsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := unlisting{newMemory()}
		core, logs := observer.New(zap.InfoLevel)
		l := node(storage, &right)
		l.cfg.Log = func() *zap.Logger { return zap.New(core) }
		l.Revoke(family(1), in(24*time.Hour))
		pass(t, time.Hour, l)
		if n := len(storage.names()); n > 1+againMost {
			t.Errorf("one logout is written %d times", n)
		}
		if n := logs.FilterMessageSnippet("storage fails").Len(); n != 1 {
			t.Errorf("it is told %d times, want once", n)
		}
	})
}

// What a storage never takes is not kept for longer than it is worth.
func TestPendingLogoutsGo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		storage.befall = func(call, _ string) error {
			if call == "store" {
				return errBroken
			}
			return nil
		}
		l := node(storage, &right)
		l.Revoke(family(1), in(time.Hour))
		pass(t, 24*time.Hour, l)
		if len(l.writer.pending) != 1 {
			t.Error("it is dropped while it is needed")
		}
		pass(t, 2*time.Hour, l)
		if len(l.writer.pending) != 0 {
			t.Error("it is kept for good")
		}
	})
}
