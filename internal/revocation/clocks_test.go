package revocation

import (
	"encoding/hex"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

func hexOf(f Family) string  { return hex.EncodeToString(f[:]) }
func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// Clocks two minutes apart, either way: a logout counts on both nodes for as long as
// either of them takes a session of the family for alive.
func TestClocksTwoMinutesApart(t *testing.T) {
	for name, wrong := range map[string][2]time.Duration{
		"the writer is ahead":  {2 * time.Minute, 0},
		"the writer is behind": {-2 * time.Minute, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				storage := newMemory()
				writer, other := node(storage, &wrong[0]), node(storage, &wrong[1])
				until := in(time.Hour)
				writer.Revoke(family(1), until)
				for time.Since(until) < 2*time.Minute {
					writer.Poll(t.Context())
					other.Poll(t.Context())
					for _, l := range []*List{writer, other} {
						if got := l.Family(family(1), until); got != Revoked {
							t.Fatalf("state %d at %s of the end", got, time.Since(until))
						}
					}
					time.Sleep(PollEvery)
				}
			})
		})
	}
}

// A clock that jumps two hours ahead, or a day and more, and is set right again, revives
// nobody: what was forgotten meanwhile is read again first.
func TestClockThatJumps(t *testing.T) {
	for _, jump := range []time.Duration{2 * time.Hour, 20 * time.Hour} {
		t.Run(jump.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				storage, wrong := newMemory(), time.Duration(0)
				l := node(storage, &wrong)
				l.Revoke(family(1), in(time.Hour))
				l.Poll(t.Context())
				wrong = jump
				pass(t, shards*PollEvery, l)
				if l.Held() != 0 {
					t.Fatal("nothing was forgotten: this tests nothing")
				}
				wrong = 0
				expect(t, l, family(1), Unknown, "the clock is right again")
				l.Poll(t.Context())
				expect(t, l, family(1), Revoked, "and the storage read")
				expect(t, l, family(2), Alive, "and the storage read")
			})
		})
	}
}

// A process that starts while its clock is ahead skips what is over by that clock, and
// reads it once it is right.
func TestClockThatIsAheadAtTheStart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage, wrong := newMemory(), 3*time.Hour
		node(storage, &right).Revoke(family(1), in(time.Hour))
		l := node(storage, &wrong)
		l.Poll(t.Context())
		wrong = 0
		if got := l.Family(family(1), in(time.Hour)); got == Alive {
			t.Error("somebody who logged out is let in")
		}
		l.Poll(t.Context())
		expect(t, l, family(1), Revoked, "read again")
	})
}

// A clock that is ahead by less than nodes may differ, and is set right, has forgotten
// nothing that is needed then, whatever the storage does.
func TestClockThatIsSetBackALittle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage, wrong := newMemory(), 4*time.Minute
		l := node(storage, &wrong)
		until := in(time.Hour)
		l.Revoke(family(1), until)
		l.families.add(familyKey(family(1))+1, uint32(in(time.Minute).Unix())) // beside it, and long over then
		time.Sleep(58 * time.Minute)
		for range shards {
			l.forget()
		}
		wrong = 0
		synctest.Wait() // for what is written beside
		storage.befall = func(string, string) error { return errBroken }
		if got := l.Family(family(1), until); got != Revoked {
			t.Errorf("state %d two minutes before the end", got)
		}
	})
}

// The same, where the storage took nothing of it meanwhile: there is nothing to read.
func TestClockThatJumpsWhileNothingIsTaken(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage, wrong := newMemory(), time.Duration(0)
		storage.befall = func(call, _ string) error {
			if call == "store" {
				return errBroken
			}
			return nil
		}
		l := node(storage, &wrong)
		l.Revoke(family(1), in(time.Hour))
		l.Poll(t.Context())
		wrong = 2 * time.Hour
		pass(t, shards*PollEvery, l)
		if l.Held() != 0 {
			t.Fatal("nothing was forgotten: this tests nothing")
		}
		wrong = 0
		l.Poll(t.Context())
		expect(t, l, family(1), Revoked, "the clock is right again")
	})
}
