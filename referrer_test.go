package proconnect_test

import "testing"

// A callback that ends on a page of ours leaves the code in the address bar: the
// site's own log and scripts must not find it as the Referer of the next click.
// The form of the logout, alone, needs the Origin that goes with a referrer.
func TestReferrerPolicy(t *testing.T) {
	s := start(t, sandboxLink, `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond "protected"
}`)
	b := s.browser("http://localhost:{$PORT}")
	for path, want := range map[string]string{
		"/docs": "no-referrer",
		"/.proconnect/callback?code=c0de&state=unknown": "no-referrer",
		"/.proconnect/logout":                           "same-origin",
	} {
		a := b.get(path, "Sec-Fetch-Site", "cross-site")
		if got := a.Header.Get("Referrer-Policy"); got != want {
			t.Errorf("%s: page %q has Referrer-Policy %q, want %q", path, a.page(), got, want)
		}
	}
}
