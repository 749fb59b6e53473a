package revocation

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Before the storage was read, nobody is let in; nor by a listing that never ends. A
// logout meanwhile counts and is written, and the first listing ends it.
func TestListingThatNeverCompletes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		node(storage, &right).Revoke(family(1), in(time.Hour))
		mended := make(chan struct{})
		hangs := &hanging{memory: storage, until: mended}
		l := node(hangs, &right)
		began := time.Now()
		expect(t, l, family(2), Unknown, "before anything was read")
		if took := time.Since(began); took != AnswerWait {
			t.Errorf("the first request waits %s", took)
		}
		began = time.Now()
		expect(t, l, family(2), Unknown, "later")
		if took := time.Since(began); took != 0 {
			t.Errorf("the next one waits %s", took)
		}
		l.Revoke(family(3), in(time.Hour))
		if n := len(storage.names()); n != 2 {
			t.Errorf("%d objects are written, want the logout of before and the one of now", n)
		}
		pass(t, 10*time.Minute, l)
		expect(t, l, family(2), Unknown, "ten minutes later")
		close(mended)
		l.Poll(t.Context())
		expect(t, l, family(1), Revoked, "once it was read")
		expect(t, l, family(2), Alive, "once it was read")
	})
}

// The first request after a restart reads the storage before it is answered.
func TestFirstRequestAfterARestart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		node(storage, &right).Revoke(family(1), in(time.Hour))
		expect(t, node(storage, &right), family(1), Revoked, "who logged out")
		expect(t, node(storage, &right), family(2), Alive, "who did not")
	})
}

// hanging lists nothing until it is mended.
type hanging struct {
	*memory
	until chan struct{}
}

func (h *hanging) List(ctx context.Context, prefix string, recursive bool) ([]string, error) {
	select {
	case <-h.until:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return h.memory.List(ctx, prefix, recursive)
}

// A storage that takes three seconds for each answer is read whole, keeps up with two
// other nodes, and keeps no logout waiting longer than two.
//
// The case: "500 000 logouts in the storage; a storage that answers a list in 3 s; a
// reload then"
func TestStorageThatTakesThreeSeconds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		writers := []*List{node(storage, &right), node(storage, &right)}
		until := in(48 * time.Hour)
		for i := range 300 { // objects, so many that they take more than one poll
			writers[i%2].revoke(family(i), until)
			time.Sleep(time.Second)
		}
		synctest.Wait() // for what is written beside
		storage.delay = 3 * time.Second
		l := node(storage, &right)
		began := time.Now()
		if got := l.Family(family(0), until); got == Alive || time.Since(began) > AnswerWait {
			t.Fatalf("the first request gets state %d after %s", got, time.Since(began))
		}
		for !l.Ready() && time.Since(began) < 10*time.Minute {
			l.Poll(t.Context())
			time.Sleep(PollEvery)
		}
		t.Logf("300 objects were read after %s", time.Since(began))
		for i := range 300 {
			if got := l.Family(family(i), until); got != Revoked {
				t.Fatalf("logout %d: state %d", i, got)
			}
		}
		for i := range 120 {
			writers[i%2].revoke(family(1000+i), until)
			time.Sleep(time.Second)
			if i%5 == 0 {
				l.Poll(t.Context())
			}
		}
		pass(t, time.Minute, l)
		for i := range 120 {
			if got := l.Family(family(1000+i), until); got != Revoked {
				t.Fatalf("later logout %d: state %d", i, got)
			}
		}
		began = time.Now()
		l.Revoke(family(5000), until)
		if took := time.Since(began); took != AnswerWait {
			t.Errorf("a logout waits %s", took)
		}
	})
}

// A write that the storage took and lost is done again, before the node that knows of it
// may be gone. One that it forgets for a while, or much later, changes nothing where it
// is known.
func TestWriteThatIsLost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		l, other := node(storage, &right), node(storage, &right)
		l.Revoke(family(1), in(2*time.Hour))
		lost := storage.names()[0]
		storage.lose(lost)
		pass(t, 25*time.Second, l)
		again := storage.names()
		if len(again) != 1 || again[0] == lost {
			t.Fatalf("the storage holds %v, want the object under another name than %s", again, lost)
		}
		other.Poll(t.Context())
		pass(t, 20*time.Minute, l, other)
		storage.lose(again[0])
		pass(t, time.Hour, l, other)
		if len(storage.names()) != 0 {
			t.Errorf("the storage holds %v", storage.names())
		}
		expect(t, l, family(1), Revoked, "on the node that wrote it")
		expect(t, other, family(1), Revoked, "on another")
	})
}

// A storage that lists names which are gone, for ever, is read whole all the same, and
// asked once more first.
func TestStaleNames(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		node(storage, &right).Revoke(family(1), in(time.Hour))
		storage.stale = []string{"r/" + newName(name{until: in(time.Hour).Unix(), node: "00000000"})}
		lists := 0
		synctest.Wait() // for what is written beside
		storage.befall = func(call, _ string) error {
			if call == "list" {
				lists++
			}
			return nil
		}
		l := node(storage, &right)
		l.Poll(t.Context())
		if lists != 2 {
			t.Errorf("it was listed %d times", lists)
		}
		expect(t, l, family(1), Revoked, "beside a stale name")
		expect(t, l, family(2), Alive, "beside a stale name")
	})
}

// What was folded between the listing and the loading is found in the listing after it.
func TestFoldedBetweenListingAndLoading(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		writer := node(storage, &right)
		writer.Revoke(family(1), in(time.Hour))
		part := storage.names()[0]
		folded := false
		synctest.Wait() // for what is written beside
		storage.befall = func(call, base string) error {
			if call == "load" && strings.HasSuffix(part, base) && !folded {
				folded = true
				e := entries{familyKey(family(1)): uint32(in(time.Hour).Unix())}
				storage.objects["r/"+newName(name{until: e.latest(), level: 1, node: writer.node})] = e.encode()
				delete(storage.objects, part)
			}
			return nil
		}
		l := node(storage, &right)
		l.Poll(t.Context())
		expect(t, l, family(1), Revoked, "folded meanwhile")
	})
}

// A storage of files says that there is no such file when one of them goes while it
// looks, with some of the names or none: that is no listing.
func TestListingThatBreaksOffIsNone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		node(storage, &right).Revoke(family(1), in(time.Hour))
		broken := true
		synctest.Wait() // for what is written beside
		storage.befall = func(call, _ string) error {
			if call == "list" && broken {
				return &fs.PathError{Op: "lstat", Path: "x", Err: fs.ErrNotExist}
			}
			return nil
		}
		l := node(storage, &right)
		l.Poll(t.Context())
		expect(t, l, family(2), Unknown, "after listings that broke off")
		broken = false
		l.Poll(t.Context())
		expect(t, l, family(1), Revoked, "after a whole one")
	})
}

// An object that is cut off or changed keeps a node that starts from letting anybody in,
// and keeps none that is known from counting.
func TestDamagedObject(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		writer := node(storage, &right)
		writer.Revoke(family(1), in(time.Hour))
		damaged := storage.names()[0]
		whole := storage.objects[damaged]
		time.Sleep(time.Second)
		writer.Revoke(family(2), in(time.Hour))
		for _, data := range [][]byte{nil, whole[:len(whole)-1], whole[:len(whole)-entrySize], append([]byte("x"), whole[1:]...)} {
			storage.objects[damaged] = data
			l := node(storage, &right)
			l.Poll(t.Context())
			expect(t, l, family(2), Revoked, "beside a damaged object")
			expect(t, l, family(3), Unknown, "beside a damaged object")
		}
		storage.lose(damaged)
		l := node(storage, &right)
		l.Poll(t.Context())
		expect(t, l, family(3), Alive, "after it was deleted")
	})
}

// A storage that fails takes the logouts when it works again, and the last ones when the
// process ends.
func TestWritesWaitForTheStorage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		synctest.Wait() // for what is written beside
		storage.befall = func(string, string) error { return errBroken }
		l := node(storage, &right)
		l.Revoke(family(1), in(time.Hour))
		expect(t, l, family(1), Revoked, "here, at once")
		pass(t, time.Minute, l)
		synctest.Wait() // for what is written beside
		storage.befall = nil
		l.Poll(t.Context())
		time.Sleep(2 * time.Second)
		if len(storage.names()) != 1 {
			t.Errorf("the storage holds %v", storage.names())
		}
		synctest.Wait() // for what is written beside
		storage.befall = func(string, string) error { return errBroken }
		l.Revoke(family(2), in(time.Hour))
		synctest.Wait() // for what is written beside
		storage.befall = nil
		ctx, cancel := context.WithTimeout(t.Context(), AnswerWait)
		defer cancel()
		l.End(ctx)
		fresh := node(storage, &right)
		fresh.Poll(t.Context())
		expect(t, fresh, family(2), Revoked, "after the end")
	})
}

// A family that is ended until a later time while the earlier one is being written is
// written once more: other nodes are to remember it until then.
func TestLaterEndWhileAnEarlierOneIsWritten(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		storage.delay = time.Second
		l, other := node(storage, &right), node(storage, &right)
		l.revoke(family(1), in(time.Hour))
		time.Sleep(time.Second / 2)
		until := in(2 * time.Hour)
		l.revoke(family(1), until)
		time.Sleep(time.Minute)
		other.Poll(t.Context())
		time.Sleep(90 * time.Minute)
		for range shards {
			other.Poll(t.Context())
		}
		if got := other.Family(family(1), until); got != Revoked {
			t.Errorf("another node has forgotten it: state %d", got)
		}
	})
}

// Records of version 0.1.0, one for each logout, count as long as a session of theirs may
// live, and go a day after it.
func TestRecordsOfBefore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		record := func(f Family, until time.Time) string {
			return "r/" + hexOf(f) + "." + decimal(until.Unix())
		}
		storage.objects[record(family(1), in(time.Hour))] = []byte{'\n'}
		storage.objects[record(family(2), in(-25*time.Hour))] = []byte{'\n'}
		l := node(storage, &right)
		l.Poll(t.Context())
		expect(t, l, family(1), Revoked, "after an upgrade")
		expect(t, l, family(2), Alive, "over for a day")
		if len(storage.names()) != 1 {
			t.Errorf("the storage holds %v", storage.names())
		}
	})
}

// What is over goes a day later, some at a time, whatever fails meanwhile: out of the
// storage, and out of memory.
func TestWhatIsOverGoes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		l, other := node(storage, &right), node(storage, &right)
		for i := range 2*sweepMost + 7 {
			e := entries{familyKey(family(i)): uint32(in(time.Hour).Unix())}
			storage.objects["r/"+newName(name{until: e.latest(), level: maxLevel, node: "00000000"})] = e.encode()
		}
		l.Poll(t.Context())
		other.Poll(t.Context())
		time.Sleep(time.Hour + Skew + time.Minute)
		synctest.Wait() // for what is written beside
		storage.befall = func(call, _ string) error {
			if call == "list" {
				return errBroken
			}
			return nil
		}
		pass(t, shards*PollEvery, l, other)
		if l.Held() != 0 || len(storage.names()) != 2*sweepMost+7 {
			t.Errorf("%d are remembered, %d in the storage: want none, and all", l.Held(), len(storage.names()))
		}
		time.Sleep(24 * time.Hour)
		for _, left := range []int{sweepMost + 7, 7, 0} {
			l.Poll(t.Context())
			if got := len(storage.names()); got != left {
				t.Errorf("%d objects are left, want %d", got, left)
			}
		}
	})
}
