package site_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A server that asks a gate before it serves a page itself, as nginx's auth_request,
// Traefik's forwardAuth and Envoy's ext_authz do, takes every 2xx for a yes. Whoever asks
// says what they want to be taken for: a person who navigates, a frame, a program. No
// answer but the site's own is one.
func TestNoPageOfOursSaysYes(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect /page/* {
		allow any
	}
	proconnect /auto/* {
		allow any
		login auto
	}
	proconnect /silent/* {
		allow any
		login silent
	}
	proconnect /mfa/* {
		allow mfa
	}
	proconnect /refused/* {
		allow siren 219200235
	}
	respond "inside"
}`)
	asked := map[string][]string{
		"a person":                     nil,
		"a person of an older browser": {"Sec-Fetch-Mode", "", "Sec-Fetch-Dest", "", "Sec-Fetch-Site", "", "Sec-Fetch-User", ""},
		"a click on another site":      {"Sec-Fetch-Site", "cross-site"},
		"a service worker":             {"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "empty"},
		"a frame":                      {"Sec-Fetch-Dest", "iframe"},
		"a program":                    {"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Accept", "*/*"},
		"a browser that loads ahead":   {"Sec-Purpose", "prefetch"},
	}
	known := func() *caddytest.Browser {
		b := s.Browser("http://localhost:{$PORT}")
		b.Visit("/page/")
		return b
	}
	for name, browser := range map[string]func() *caddytest.Browser{
		"a stranger":              func() *caddytest.Browser { return s.Browser("http://localhost:{$PORT}") },
		"a browser with a secret": known,
		"somebody who is logged in": func() *caddytest.Browser {
			b := known()
			b.Login("/page/", url.Values{"person": {"ministry"}})
			return b
		},
		"somebody who is logged out": func() *caddytest.Browser { b := known(); b.Visit("/.proconnect/logout"); return b },
	} {
		for who, headers := range asked {
			for _, at := range []string{"/page/", "/auto/", "/silent/", "/mfa/", "/refused/"} {
				for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions} {
					a := browser().Request(method, at, nil, headers...)
					if yes := a.StatusCode < http.StatusMultipleChoices; yes && a.Text != "inside" && (method != http.MethodHead || a.Header.Get("Cache-Control") == "no-store") {
						t.Errorf("%s, as %s, %s %s: %d, page %q", name, who, method, at, a.StatusCode, a.Page())
					}
				}
			}
		}
	}
}
