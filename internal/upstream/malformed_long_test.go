package upstream

import (
	"strings"
	"testing"
)

// A target that is too long to be read in every way is looked at for dot segments all the
// same, raw and decoded once: no browser sends one.
func TestDotsInALongTarget(t *testing.T) {
	long := "/" + strings.Repeat("a", maxAmbiguous) + "%20"
	for target, want := range map[string]bool{
		long:                 false,
		long + "/../x":       true,
		long + "/%2e%2e/x":   true,
		long + "/.%2e/x":     true,
		long + "/a%2fb..c/x": false,
	} {
		if refuse, ambiguous := malformed(target); refuse != want || !ambiguous {
			t.Errorf("…%s: refused %t, ambiguous %t", target[len(long):], refuse, ambiguous)
		}
	}
}
