package sandbox

import (
	"strconv"
	"testing"
	"time"
)

func TestTable(t *testing.T) {
	c := &clock{time.Unix(1_800_000_000, 0)}
	table := newTable[int](3, time.Minute, c.now)
	for i := range 5 {
		table.put(strconv.Itoa(i), i)
	}
	for i := range 5 {
		if v, ok := table.get(strconv.Itoa(i)); ok != (i >= 2) || ok && v != i {
			t.Errorf("%d: got %d %t", i, v, ok)
		}
	}
	table.put("2", 20) // the youngest again
	table.put("5", 5)
	if _, ok := table.get("3"); ok {
		t.Error("the oldest stayed")
	}
	if v, ok := table.get("2"); !ok || v != 20 {
		t.Errorf("got %d %t", v, ok)
	}
	table.delete("5")
	table.delete("never there")
	if _, ok := table.get("5"); ok {
		t.Error("the deleted one stayed")
	}
	c.t = c.t.Add(time.Minute)
	if _, ok := table.get("2"); ok || table.order.Len() != 0 || len(table.byID) != 0 {
		t.Errorf("%d expired ones stayed", table.order.Len())
	}
}

// Ten thousand logins take no more memory than a thousand.
func TestTablesAreBounded(t *testing.T) {
	b := &browser{t: t, server: newServer(t, func(cfg *Config) { cfg.SigningAlg, cfg.UserinfoSigningAlg = "HS256", "HS256" })}
	for range tableSize + 50 {
		b.cookie = nil
		if status, _ := b.exchange(answer(t, b.login(request())).Get("code")); status != 200 {
			t.Fatalf("token: %d", status)
		}
	}
	s := b.server
	for name, n := range map[string]int{"sessions": s.sessions.order.Len(), "codes": s.codes.order.Len(), "tokens": s.tokens.order.Len()} {
		if n != tableSize {
			t.Errorf("%s: %d, want %d", name, n, tableSize)
		}
	}
	if answer(t, b.authorize(request("prompt", "none"))).Get("code") == "" {
		t.Error("the latest session is gone")
	}
}
