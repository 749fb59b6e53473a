package upstream

import (
	"net/http"
	"testing"
)

func TestMakePrivate(t *testing.T) {
	for name, c := range map[string]struct {
		in   []string
		want string
	}{
		"nothing said":            {nil, "private, no-cache"},
		"public":                  {[]string{"public, max-age=600"}, "private, max-age=600"},
		"public alone":            {[]string{"public"}, "private, no-cache"},
		"shared caches addressed": {[]string{"max-age=60, s-maxage=31536000, proxy-revalidate"}, "private, max-age=60"},
		"in capitals":             {[]string{"PUBLIC, S-MaxAge=5"}, "private, no-cache"},
		"two lines":               {[]string{"public", "max-age=5"}, "private, max-age=5"},
		"no-store stays":          {[]string{"no-store"}, "private, no-store"},
		"private stays":           {[]string{"private, max-age=0"}, "private, max-age=0"},
		"immutable stays":         {[]string{"public, max-age=9, immutable"}, "private, max-age=9, immutable"},
		"white space":             {[]string{" public ,, max-age=9 "}, "private, max-age=9"},
		"a space before =":        {[]string{"s-maxage =9, max-age=1"}, "private, max-age=1"},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{"Cdn-Cache-Control": {"public"}, "Surrogate-Control": {"max-age=9"}, "Etag": {`"x"`}}
			if c.in != nil {
				h["Cache-Control"] = c.in
			}
			MakePrivate(h, false)
			if got := h["Cache-Control"]; len(got) != 1 || got[0] != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if len(h) != 2 {
				t.Errorf("a header that overrides Cache-Control stays: %v", h)
			}
		})
	}
}

func TestDeleteHeaders(t *testing.T) {
	for name, gone := range map[string]bool{
		"X-Proconnect-Email": true, "X-ProConnect-Email": true, "x-proconnect-email": true, "X_proconnect_email": true,
		"X.Proconnect.Email": true, "X-Proconnect_email": true, "X-Proconnect-": true,
		"X-Proconnect": false, "X-Proconnec-Email": false, "Xproconnect-Email": false, "Email": false,
	} {
		h := http.Header{name: {"forged"}}
		DeleteHeaders(h, "X-ProConnect-")
		if _, there := h[name]; there == gone {
			t.Errorf("%s: there is %v, want %v", name, there, !gone)
		}
	}
}
