package revocation

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// folding is a storage full of small objects of one node, all of them older than a minute.
func folding(t *testing.T, storage *memory, l *List, objects int) (until time.Time) {
	t.Helper()
	until = in(48 * time.Hour)
	for i := range objects {
		l.revoke(family(i), until)
		time.Sleep(time.Second)
		if i%10 == 0 {
			l.Poll(t.Context())
		}
	}
	return until
}

// allDead checks that a node that starts knows every logout.
func allDead(t *testing.T, storage *memory, logouts int, until time.Time, when string) {
	t.Helper()
	storage.mu.Lock()
	copied := newMemory()
	for k, v := range storage.objects {
		copied.objects[k] = v
	}
	storage.mu.Unlock()
	l := node(copied, &right)
	l.Poll(t.Context())
	for i := range logouts {
		if got := l.Family(family(i), until); got != Revoked {
			t.Fatalf("%s: logout %d: state %d on a node that starts", when, i, got)
		}
	}
}

// At whatever call to the storage a node that folds dies, before or after it took effect,
// a node that starts then knows everything; and so does one that takes up what is left.
func TestNodeThatDiesWhileItFolds(t *testing.T) {
	const logouts = 3 * foldSize
	for died := 0; ; died++ {
		folded := false
		bubble(t, func(t *testing.T) {
			storage := newMemory()
			l := node(storage, &right)
			until := folding(t, storage, l, logouts)
			calls := 0
			synctest.Wait() // for what is written beside
			storage.befall = func(call, base string) error {
				if call != "store" && call != "delete" {
					return nil
				}
				if calls++; calls > died {
					return errBroken // it is dead: nothing of it reaches the storage any more
				}
				return nil
			}
			for range 60 {
				l.Poll(t.Context())
				allDead(t, storage, logouts, until, "while it folds")
				time.Sleep(PollEvery)
			}
			folded = calls <= died
			synctest.Wait() // for what is written beside
			storage.befall = nil
			heir := node(storage, &right)
			for range 12 * 20 {
				heir.Poll(t.Context())
				time.Sleep(PollEvery)
			}
			allDead(t, storage, logouts, until, "after another took it up")
		})
		if folded || t.Failed() {
			t.Logf("%d steps", died)
			return
		}
	}
}

// Two nodes that fold what a third one left, at once and step by step beside each other,
// lose nothing, and nothing of it stays in many objects.
func TestTwoNodesFoldAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		const logouts = 5 * foldSize
		gone := node(storage, &right)
		gone.Poll(t.Context())
		until := in(48 * time.Hour)
		for i := range logouts {
			gone.revoke(family(i), until)
			time.Sleep(time.Second)
		}
		before := len(storage.names())
		one, two := node(storage, &right), node(storage, &right)
		for range 12 * 40 {
			one.Poll(t.Context())
			two.Poll(t.Context())
			allDead(t, storage, logouts, until, "while two fold")
			time.Sleep(PollEvery)
		}
		t.Logf("%d objects became %d", before, len(storage.names()))
		if n := len(storage.names()); n > before/4 {
			t.Errorf("%d objects are left of %d", n, before)
		}
	})
}

// Before the parts of a union go, it was listed and loaded, and a minute passed: a union
// that the storage lost, does not list or changed deletes nothing.
func TestUnionThatIsNotThere(t *testing.T) {
	for name, harm := range map[string]func(*memory, string){
		"lost":    func(m *memory, union string) { delete(m.objects, union) },
		"changed": func(m *memory, union string) { m.objects[union] = []byte("x") },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				storage := newMemory()
				l := node(storage, &right)
				until := folding(t, storage, l, foldSize)
				harmed := false
				var parts []string
				for range 40 {
					if !harmed {
						parts = storage.names()
					}
					l.Poll(t.Context())
					for _, n := range storage.names() {
						if level(n) == "1" && !harmed {
							harmed = true
							harm(storage, n)
						}
					}
					if harmed && name == "changed" {
						for _, p := range parts {
							if !slices.Contains(storage.names(), p) {
								t.Fatalf("%s is gone", p)
							}
						}
					}
					time.Sleep(PollEvery)
				}
				if !harmed {
					t.Fatal("nothing was folded: this tests nothing")
				}
				if name == "lost" {
					allDead(t, storage, foldSize, until, "after all")
				}
			})
		})
	}
}

// A union that was listed and loaded, and is not listed when its parts would go, deletes
// nothing: other nodes that list then see it no more than this one does.
func TestUnionThatIsNoLongerListed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		l := node(storage, &right)
		folding(t, storage, l, foldSize)
		parts := storage.names()
		var united time.Time
		for range 60 {
			l.Poll(t.Context())
			if len(storage.names()) > foldSize && united.IsZero() {
				united = time.Now()
			}
			if !united.IsZero() && time.Since(united) >= foldWait-PollEvery {
				storage.unlisted = func(n string) bool { return level(n) == "1" }
			}
			for _, p := range parts {
				if !slices.Contains(storage.names(), p) {
					t.Fatalf("%s is gone %s after the union was written", p, time.Since(united))
				}
			}
			time.Sleep(PollEvery)
		}
		if storage.unlisted == nil {
			t.Fatal("nothing was folded: this tests nothing")
		}
	})
}

// The parts stay for a minute beside the union, in which other nodes read it.
func TestPartsStayForAMinute(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		l := node(storage, &right)
		folding(t, storage, l, foldSize)
		var united time.Time
		for range 60 {
			l.Poll(t.Context())
			switch n := len(storage.names()); {
			case n == foldSize+1 && united.IsZero():
				united = time.Now()
			case n == 1:
				if both := time.Since(united); united.IsZero() || both < foldWait {
					t.Errorf("they were both there for %s", both)
				}
				return
			}
			time.Sleep(PollEvery)
		}
		t.Error("the parts are still there")
	})
}

// What a node that is at work wrote is its own to fold.
func TestNobodyFoldsWhatAnActiveNodeWrote(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		active, other := node(storage, &right), node(storage, &right)
		until := in(48 * time.Hour)
		for i := range 20 * 60 {
			if i%20 == 0 {
				active.revoke(family(i), until)
			}
			time.Sleep(time.Second)
			if i%5 == 0 {
				other.Poll(t.Context())
			}
		}
		for _, n := range storage.names() {
			if p, _ := parseName(n[2:]); p.node != active.node {
				t.Errorf("%s was written", n)
			}
		}
	})
}
