package session

import (
	"strconv"
	"testing"
	"time"
)

// What a node remembers of used attempts is bounded: in time, and in number by
// whoever makes attempts as fast as they can. Beyond it a callback that comes
// twice is left to ProConnect's one-time code.
func TestUsedAttemptsAreBounded(t *testing.T) {
	u, now, last := new(expiring[string]), time.Unix(1_800_000_000, 0), attemptTime+clockSkew
	add := func(id string, now time.Time) bool { return u.add(id, now, last, maxUsed) }
	if !add("first", now) || add("first", now) {
		t.Error("an attempt is good once")
	}
	for i := range maxUsed + 10 {
		add(strconv.Itoa(i), now)
	}
	if n := len(u.until); n != maxUsed {
		t.Errorf("%d are remembered, want %d at most", n, maxUsed)
	}
	if !add("one more", now) {
		t.Error("a login fails because there are many")
	}
	if add("first", now.Add(last)) {
		t.Error("an attempt that is still good for a login is forgotten")
	}
	add("later", now.Add(last+2*time.Minute))
	if n := len(u.until); n != 1 {
		t.Errorf("%d are remembered after their time, want the last one", n)
	}
}

// A clock that jumped ahead and is right again leaves what was remembered meanwhile, and
// keeps nothing else from being forgotten in its time: the bound would be met, and nothing
// remembered any more.
func TestUsedAttemptsAreForgottenAfterAClockJumped(t *testing.T) {
	u, now, last := new(expiring[string]), time.Unix(1_800_000_000, 0), attemptTime+clockSkew
	add := func(id string, now time.Time) bool { return u.add(id, now, last, maxUsed) }
	add("in the jump", now.Add(365*24*time.Hour))
	add("set right", now)
	add("later", now.Add(last+2*time.Minute))
	if _, there := u.until["set right"]; there || len(u.until) != 2 {
		t.Errorf("%d are remembered, want those of the jump and of the last hour: %v", len(u.until), u.until)
	}
}
