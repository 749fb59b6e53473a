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
	u, now := new(usedAttempts), time.Now()
	if !u.consume("first", now) || u.consume("first", now) {
		t.Error("an attempt is good once")
	}
	for i := range maxUsed + 10 {
		u.consume(strconv.Itoa(i), now)
	}
	if n := len(u.states); n != maxUsed {
		t.Errorf("%d are remembered, want %d at most", n, maxUsed)
	}
	if !u.consume("one more", now) {
		t.Error("a login fails because there are many")
	}
	if u.consume("first", now.Add(attemptTime)) {
		t.Error("an attempt that is still good for a login is forgotten")
	}
	u.consume("later", now.Add(attemptTime+clockSkew+2*time.Minute))
	if n := len(u.states); n != 1 {
		t.Errorf("%d are remembered after their time, want the last one", n)
	}
}
