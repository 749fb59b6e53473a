package revocation

import (
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// cpu is the time that this process has computed: the clock of a bubble stands still.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A million people log out on one of two nodes within a day, none of whose sessions would
// have ended by itself. Every one of them is refused on both and on a node that starts
// afterwards, over some hundred names and in bounded memory.
func TestMillionLogoutsOfADay(t *testing.T) {
	logouts, bound, day := 1_000_000, int64(64<<20), 24*time.Hour
	if os.Getenv("TEST_SCALE") != "full" {
		logouts, bound, day = logouts/10, bound/10, day/10
	}
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		busy, other := node(storage, &right), node(storage, &right)
		until, began, n := in(2*day), time.Now(), 0
		var most, polls int
		var polling, worst time.Duration
		for time.Since(began) < day {
			for due := int(float64(logouts) * (time.Since(began) + time.Second).Seconds() / day.Seconds()); n < due; n++ {
				busy.revoke(family(n), until)
			}
			time.Sleep(time.Second)
			if time.Since(began)%PollEvery != 0 {
				continue
			}
			for _, l := range []*List{busy, other} {
				before := cpu()
				l.Poll(t.Context())
				took := cpu() - before
				polling, worst, polls = polling+took, max(worst, took), polls+1
			}
			most = max(most, len(storage.names()))
		}
		for range 3 {
			time.Sleep(PollEvery)
			other.Poll(t.Context())
		}
		t.Logf("%d logouts, %d polls: %d names at the end, at most %d; %d MB read by both nodes; CPU of a poll: %s on average, %s at most",
			n, polls, len(storage.names()), most, storage.read>>20, polling/time.Duration(polls), worst)
		if most > 1000 {
			t.Errorf("%d names were listed", most)
		}

		storage.read = 0
		before, spent := heap(), cpu()
		restarted := node(storage, &right)
		restarted.Poll(t.Context())
		spent = cpu() - spent
		held := heap() - before
		t.Logf("a node that starts: %d MB read, %s of CPU, %.1f MB of memory for %d families", storage.read>>20, spent, float64(held)/(1<<20), restarted.Held())
		if held > bound {
			t.Errorf("a node holds %d bytes", held)
		}
		for who, l := range map[string]*List{"the node": busy, "another": other, "one that starts": restarted} {
			for i := range n {
				if l.Family(family(i), until) != Revoked {
					t.Fatalf("%s: logout %d is forgotten", who, i)
				}
			}
			if l.Family(family(n+1), until) != Alive {
				t.Errorf("%s: somebody who never logged out is refused", who)
			}
		}
	})
}
