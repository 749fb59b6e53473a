package upstream

import (
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
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
