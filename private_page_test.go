package proconnect

import (
	"net/http"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"
)

// Back brings up again what a browser kept of a page, a logout or not. A page that
// the site does not want fresh for a time is kept by none.
func TestPagesAreNotStored(t *testing.T) {
	for name, c := range map[string]struct {
		in   []string
		want string
	}{
		"nothing said":         {nil, "private, no-store"},
		"public alone":         {[]string{"public"}, "private, no-store"},
		"private alone":        {[]string{"private"}, "private, no-store"},
		"no-cache":             {[]string{"no-cache"}, "private, no-cache, no-store"},
		"never fresh":          {[]string{"max-age=0, private, must-revalidate"}, "private, max-age=0, must-revalidate, no-store"},
		"never fresh, quoted":  {[]string{`max-age="0"`}, `private, max-age="0", no-store`},
		"no-store stays alone": {[]string{"no-store"}, "private, no-store"},
		"in capitals":          {[]string{"No-Store, Max-Age=0"}, "private, No-Store, Max-Age=0"},
		"for shared caches":    {[]string{"s-maxage=600"}, "private, no-store"},
		"fresh for a time":     {[]string{"public, max-age=600"}, "private, max-age=600"},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{}
			if c.in != nil {
				h["Cache-Control"] = c.in
			}
			upstream.MakePrivate(h, true)
			if got := h["Cache-Control"]; len(got) != 1 || got[0] != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
