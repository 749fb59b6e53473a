package upstream

import (
	"net/url"
	"strings"
	"testing"
)

// A query of more parameters than are worth reading is one that servers may differ about:
// some read the first thousand, some none.
func TestQueryOfManyParameters(t *testing.T) {
	for parameters, want := range map[int]bool{2: false, maxParameters + 1: false, maxParameters + 2: true} {
		u := &url.URL{RawQuery: strings.TrimSuffix(strings.Repeat("a=b&", parameters), "&")}
		if got := isUnreadable(u); got != want {
			t.Errorf("%d parameters: unreadable %t, want %t", parameters, got, want)
		}
	}
}
