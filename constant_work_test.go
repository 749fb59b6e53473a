package proconnect

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Anybody can send cookies, as many and as long ones as fit into a request, over
// and over. Whatever they are, the gate finds that there is no session with the
// same few pieces of memory: nothing is kept, copied or made per byte or cookie.
func TestConstantWork(t *testing.T) {
	h, good := benchGate(t, benchRules...)
	_, value, _ := strings.Cut(good, "=")
	sealed, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		t.Fatal(err)
	}
	sealed[0] ^= 1 // of the key's id
	const name = "__Host-proconnect"
	garbage := func(n int) string { return strings.Repeat("A", n) }
	many := func(suffix string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%s%s%d=%s; ", name, suffix, i, garbage(60))
		}
		return strings.TrimSuffix(b.String(), "; ")
	}
	r := httptest.NewRequest(http.MethodGet, "https://docs.example.gouv.fr/page", nil)
	vars := map[string]any{}
	r = r.WithContext(context.WithValue(r.Context(), caddyhttp.VarsCtxKey, vars))
	const (
		maxAllocs = 6    // the targets of the whole check, with a session
		maxBytes  = 4096 // beyond what a request without cookies takes: a third of 12 kB
	)
	work := func(lines []string) (allocs float64, bytes uint64, session bool) {
		check := func() {
			delete(vars, requestVar)
			r.Header["Cookie"] = lines
			q := h.begin(r)
			q.open(r)
			session = !q.session.IsZero()
		}
		return testing.AllocsPerRun(100, check), leastBytes(check), session
	}
	_, base, _ := work(nil)
	for _, tt := range []struct {
		name    string
		lines   []string
		session bool
	}{
		{"control: a session", []string{good}, true},
		{"no cookie", nil, false},
		{"garbage of 12 kB", []string{name + "=" + garbage(12_000)}, false},
		{"garbage of 1 MB", []string{name + "=" + garbage(1<<20)}, false},
		{"the session, and 12 kB behind it", []string{good + garbage(12_000)}, false},
		{"150 cookies of our prefix", []string{many("_", 150)}, false},
		{"150 secrets of browsers", []string{many("_browser", 150)}, false},
		{"150 lines", strings.Split(many("_", 150), "; "), false},
		{"15 000 cookies", []string{many("_", 15_000)}, false},
		{"an unknown key id", []string{name + "=" + base64.RawURLEncoding.EncodeToString(sealed)}, false},
		{"an unknown key id before 12 kB", []string{name + "=" + base64.RawURLEncoding.EncodeToString(append(sealed, garbage(12_000)...))}, false},
		{"a duplicated cookie", []string{good + "; " + good}, false},
		{"a cookie 150 times", []string{strings.TrimSuffix(strings.Repeat(good+"; ", 150), "; ")}, false},
		{"separators alone", []string{strings.Repeat("; ", 6_000)}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			allocs, bytes, session := work(tt.lines)
			if session != tt.session {
				t.Fatalf("a session: %t", session)
			}
			if allocs > maxAllocs || bytes > base+maxBytes {
				t.Errorf("%g allocations (want %d at most), %d bytes (%d without any cookie)", allocs, maxAllocs, bytes, base)
			}
		})
	}
}

// leastBytes is how much memory a call takes when none is lying around: the least
// of a few calls, since others may take some meanwhile.
func leastBytes(call func()) uint64 {
	least := ^uint64(0)
	for range 5 {
		runtime.GC()
		runtime.GC() // the second empties the pools
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		call()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}
