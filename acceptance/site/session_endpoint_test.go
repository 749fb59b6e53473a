package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// The session endpoint tells a page's own script who is logged in, and nobody
// else's: not a page of a sibling domain, to which the browser sends the cookie
// along (SameSite knows sites, not hosts), nor one that would read the answer as
// a script, an image or a frame.
func TestSessionEndpoint(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond inside
}`)
	b := s.Browser("http://localhost:{$PORT}")
	b.Login("/", url.Values{"person": {"ministry"}})
	for name, c := range map[string]struct {
		method  string
		headers []string
		status  int
	}{
		"our own script":            {"GET", fetchHeaders, 200},
		"typed":                     {"GET", []string{"Sec-Fetch-Site", "none"}, 200},
		"an old browser":            {"GET", []string{"Sec-Fetch-Site", "", "Sec-Fetch-Mode", "", "Sec-Fetch-Dest", ""}, 200},
		"a sibling's script":        {"GET", append(fetchHeaders[:6:6], "Sec-Fetch-Site", "same-site", "Origin", "http://blog.localhost"), 403},
		"a stranger's script":       {"GET", append(fetchHeaders[:6:6], "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"), 403},
		"as a stranger's <script>":  {"GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"}, 403},
		"as a sibling's <img>":      {"GET", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}, 403},
		"in a stranger's frame":     {"GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "iframe"}, 403},
		"a site of unheard-of kind": {"GET", []string{"Sec-Fetch-Site", "Same-Origin"}, 403},
		"POST":                      {"POST", fetchHeaders, 405},
		"a preflight":               {"OPTIONS", append(fetchHeaders[:6:6], "Origin", "https://evil.example", "Access-Control-Request-Method", "GET"), 405},
	} {
		t.Run(name, func(t *testing.T) {
			b.T = t
			a := b.Request(c.method, "/.proconnect/session", nil, c.headers...)
			if told := strings.Contains(a.Text, agentEmail); a.StatusCode != c.status || told != (c.status == http.StatusOK) {
				t.Errorf("got %d: %s", a.StatusCode, a.Text)
			}
			for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Access-Control-Allow-Origin": "", "Access-Control-Allow-Credentials": ""} {
				if got := a.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
		})
	}
}
