package upstream

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
)

// benchTargets are of 4 kB each, and open but for what is ambiguous: in one way, in
// all of them, or as long as is still read, before a long query.
func benchTargets() map[string]string {
	const everything = "//a;b%5cc%252f%C3%A9./(S(x))/a.php/"
	fill := func(piece string, length int) string { return "/a/" + strings.Repeat(piece, length/len(piece)) }
	pad := func(path string) string { return path + "?" + strings.Repeat("a", 4<<10-len(path)) }
	return map[string]string{
		"plain":           fill("abcdefgh/", 4<<10),
		"parameters":      fill("a;b/", 4<<10),
		"slashes":         fill("a//b/", 4<<10),
		"backslashes":     fill("a%5cb/", 4<<10),
		"escapes":         fill("%2561", 4<<10),
		"unicode":         fill("%C3%A9", 4<<10),
		"dots":            fill("a./", 4<<10),
		"scripts":         fill("a.php/", 4<<10),
		"sessions":        fill("(S(x))/", 4<<10),
		"everything":      fill(everything, 4<<10),
		"query":           "/x?" + strings.Repeat("a=b;&", (4<<10)/5),
		"read slashes":    pad(fill("a//b/", maxAmbiguous-10)),
		"read unicode":    pad(fill("%C3%A9", maxAmbiguous-10)),
		"read parameters": pad(fill("a;b/", maxAmbiguous-10)),
		"read everything": pad(fill(everything, maxAmbiguous-10)),
		"much in little":  pad(strings.Repeat(everything, 2)),
	}
}

// The work on an ambiguous target is bounded, by how many variants are made of it and
// how long they are together; what that costs the benchmark prints.
func TestAmbiguousTargetsAreCheap(t *testing.T) {
	beyond := 0
	for name, target := range benchTargets() {
		path, _, _ := strings.Cut(target, "?")
		paths, all := pathVariants(path)
		if n, size := len(paths), len(strings.Join(paths, "")); n > 65 || size > 5<<10 {
			t.Errorf("%s: %d variants of %d bytes are made of it", name, n, size)
		}
		if !all {
			beyond++
		}
	}
	if beyond == 0 {
		t.Error("none of the targets reaches the bounds")
	}
}

// pathGate is a gate on /admin and what is under it, and a request to it.
func pathGate(tb testing.TB, target string) (Matcher, *http.Request) {
	tb.Helper()
	m := testMatcher(tb, caddyhttp.MatcherSet{&caddyhttp.MatchPath{"/admin", "/admin/*"}}, nil)
	r := httptest.NewRequest(http.MethodGet, target, nil)
	ctx := context.WithValue(r.Context(), caddyhttp.VarsCtxKey, map[string]any{})
	ctx = context.WithValue(ctx, caddy.ReplacerCtxKey, caddy.NewReplacer())
	return m, r.WithContext(ctx)
}

// testMatcher is a matcher of one set, which Caddy made of raw.
func testMatcher(tb testing.TB, set caddyhttp.MatcherSet, raw caddy.ModuleMap) Matcher {
	tb.Helper()
	m, err := NewMatcher(caddy.Context{Context: tb.Context()}, caddyhttp.MatcherSets{set}, caddyhttp.RawMatcherSets{raw},
		func(string, ...zap.Field) {}, func(any) bool { return false })
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// whereGated is what a gate with a matcher does with every request of its site.
func whereGated(tb testing.TB, m Matcher, r *http.Request) bool {
	DropSteering(r.Header)
	target := TargetOf(r)
	matched, err := m.Matches(r, target)
	if err != nil {
		tb.Fatal(err)
	}
	return matched || target.Malformed
}

// BenchmarkAmbiguousTarget prints what a target of 4 kB costs the gate that has to
// find out whether it gates it, as a multiple of a plain one.
func BenchmarkAmbiguousTarget(b *testing.B) {
	targets := benchTargets()
	plain := 0.0
	for _, name := range append([]string{"plain"}, sortedNames(targets)...) {
		b.Run(name, func(b *testing.B) {
			m, r := pathGate(b, targets[name])
			b.ReportAllocs()
			for b.Loop() {
				whereGated(b, m, r)
			}
			each := float64(b.Elapsed()) / float64(b.N)
			if name == "plain" {
				plain = each
			}
			b.ReportMetric(each/plain, "x-plain")
		})
	}
}

func sortedNames(targets map[string]string) (names []string) {
	for name := range targets {
		if name != "plain" {
			names = append(names, name)
		}
	}
	return names
}
