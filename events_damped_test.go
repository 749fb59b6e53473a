package proconnect

import (
	"strconv"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// One line a minute for a session and what refuses it; what had none is counted on the
// next one, and the pages in between quote the reference of the line that there is.
func TestDampedEventsAreCounted(t *testing.T) {
	clock := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	f := &damper{now: func() time.Time { return clock }}
	key := dampedKey{family: session.Family{1}, reason: "no rule matched: rule 1: siret failed"}
	want := func(what, reference, known string, more int, due bool) {
		t.Helper()
		gotKnown, gotMore, gotDue, over := f.due(key, reference)
		if gotKnown != known || gotMore != more || gotDue != due || len(over) > 0 {
			t.Errorf("%s: got %s %d %t, counted %v", what, gotKnown, gotMore, gotDue, over)
		}
	}
	want("the first", "A", "A", 0, true)
	want("at once", "B", "A", 0, false)
	clock = clock.Add(dampedFor - time.Second)
	want("within the minute", "C", "A", 0, false)
	clock = clock.Add(time.Second)
	want("after a minute", "D", "D", 2, true)
	key.family = session.Family{2}
	want("another session", "E", "E", 0, true)
	key.rule, key.reason = 2, "rule 2 denies: roles matched"
	want("another rule", "F", "F", 0, true)
	want("once more", "G", "F", 0, false)
	if over := f.rest(); len(over) != 1 || over[0] != (counted{2, "F", key.reason, 1}) {
		t.Errorf("at the end: %v", over)
	}
}

// However many sessions are refused, few are remembered, and none that was counted is
// forgotten without a line.
func TestDampedEventsAreBounded(t *testing.T) {
	clock := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	f := &damper{now: func() time.Time { return clock }}
	lines, refused := 0, 0
	count := func(over []counted) {
		for _, c := range over {
			lines += c.more
		}
	}
	for i := range 3 * maxDamped {
		key := dampedKey{family: session.Family{byte(i), byte(i >> 8)}, reason: "r" + strconv.Itoa(i%3)}
		for range 1 + i%2 {
			_, more, due, over := f.due(key, "x")
			refused++
			if lines += more; due {
				lines++
			}
			count(over)
		}
		if len(f.told) > maxDamped {
			t.Fatalf("%d are remembered", len(f.told))
		}
		if i == maxDamped {
			clock = clock.Add(dampedFor)
		}
	}
	count(f.rest())
	if lines != refused {
		t.Errorf("%d refusals, and %d on lines", refused, lines)
	}
}
