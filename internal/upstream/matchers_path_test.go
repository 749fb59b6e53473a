package upstream

import (
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/seed"
)

// A pattern gates what servers may serve as it, in whatever way it is written itself, and
// not what is beside it.
func TestPatternsGateWhatTheyName(t *testing.T) {
	for _, tt := range []struct {
		pattern, target string
		gated           bool
	}{
		{"/a//b", "/a//b/", true},
		{"//a", "//a.json", true},
		{"/report.pdf", "/report.pdf/x", true},
		{"/releases/v1.0", "/releases/v1.0/", true},
		{"/releases/v1.0", "/releases/v1.0/notes", false},
		{"/.well-known", "/.well-known/security.txt", false},
	} {
		m := testMatcher(t, caddyhttp.MatcherSet{&caddyhttp.MatchPath{tt.pattern}}, nil)
		_, r := pathGate(t, tt.target)
		if got := whereGated(t, m, r); got != tt.gated {
			t.Errorf("%s at %s: gated %v, want %v", tt.target, tt.pattern, got, tt.gated)
		}
	}
}

// What spares addresses the search for lookalikes changes no verdict.
func TestBeginningsChangeNoVerdict(t *testing.T) {
	random := seed.Rand(t)
	patterns := []string{"/admin", "/admin/*", "/a//dmin", "/public/*", "/école", "/.admin", "/-admin/*", "/~s", "/x/adm?n", "/s.pdf", "/1/admin"}
	pieces := append([]string{"dmin", "min", "é", "É", "K", "<x>", "&x;", "_", "1", "-"}, targetPieces...)
	differ, matched := 0, 0
	for range 20_000 {
		pattern := patterns[random.IntN(len(patterns))]
		path := strings.NewReplacer("*", "s", "?", "i").Replace(pattern)
		for range random.IntN(4) {
			i := random.IntN(len(path) + 1)
			path = path[:i] + decodeOnce(pieces[random.IntN(len(pieces))]) + path[i:]
		}
		if isMalformed(path) {
			continue // refused before any matcher
		}
		one := readPath(&caddyhttp.MatchPath{pattern}).(*pathMatcher)
		all := *one
		all.begin = beginnings{""} // of which nothing is known
		_, r := pathGate(t, "/")
		r.URL.Path = path
		spared, err := one.MatchWithError(r)
		want, errAll := all.MatchWithError(r)
		if err != nil || errAll != nil {
			t.Fatal(err, errAll)
		}
		if want {
			matched++
		}
		if spared != want {
			if differ++; differ < 10 {
				t.Errorf("%q at %s: %v, want %v", path, pattern, spared, want)
			}
		}
	}
	if matched < 5000 {
		t.Errorf("only %d matched", matched)
	}
}
