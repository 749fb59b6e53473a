package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A session that nobody used ends, and a login begins another family: what was proven is
// not proven there. What the site answers to somebody is remembered; what we answer is
// not, nor does the site see the cookie.
func TestIdleSession(t *testing.T) {
	s := caddytest.Start(t, strings.Replace(renewingSandbox, "renew 1h", "idle 30m\n persistent", 1), `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	proconnect /admin/* {
		allow sub nobody
		deny sub absent
	}
	respond "inside {header.Cookie}"
}`)
	b := confirmed(s, t, 29*time.Minute)
	seen := cookieOf(b, "proconnect") + "_seen"
	for _, path := range []string{"/.proconnect/session", "/.proconnect/nothing", "/admin/x"} {
		if b.Visit(path); b.Cookie(seen) != "" {
			t.Errorf("%s counts as a use of the site", path)
		}
	}
	a := b.Visit("/", fetchHeaders...)
	if a.Text != "inside " || b.Cookie(seen) == "" {
		t.Fatalf("got %d %q, seen %q", a.StatusCode, a.Text, b.Cookie(seen))
	}
	for _, c := range a.Cookies() {
		if c.MaxAge < 11*3600 || c.MaxAge > 12*3600 || !c.HttpOnly {
			t.Errorf("the cookie is %s", c.Raw)
		}
	}
	if a := b.Visit("/"); len(a.Cookies()) > 0 {
		t.Errorf("it is written again at once: %v", a.Cookies())
	}
	confirmedAgo(b, 3*time.Hour)
	if a := b.Visit("/"); a.StatusCode != http.StatusOK {
		t.Errorf("seen just now: %d, page %q", a.StatusCode, a.Page())
	}
	b.Jar.SetCookies(b.Home(), []*http.Cookie{{Name: seen, Path: "/", MaxAge: -1}})
	if a := b.Visit("/"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("not seen for three hours: %d", a.StatusCode)
	}
	before := expiresAtLogin(b)
	if got := time.Until(before); got < 12*time.Hour-time.Minute {
		t.Errorf("the login goes on in the family that ended: %s are left", got)
	}
}

// expiresAtLogin logs in anew, and returns when the session ends.
func expiresAtLogin(b *caddytest.Browser) time.Time {
	b.Login("/", url.Values{"person": {"ministry"}})
	return expiresAt(b)
}

// Days of a session that a closed browser keeps, together with a second factor: told when
// the configuration loads.
func TestPersistentLevelIsWarnedOf(t *testing.T) {
	for _, tt := range []struct {
		session, rule string
		warned        bool
	}{
		{"persistent\n lifetime 48h", "allow mfa", true},
		{"persistent\n lifetime 48h", "allow any\n mfa", true},
		{"persistent\n lifetime 24h", "allow mfa", false},
		{"persistent\n lifetime 48h", "allow any", false},
		{"lifetime 48h", "allow mfa", false},
	} {
		s := caddytest.Start(t, "proconnect {\n environment sandbox\n session {\n "+tt.session+"\n }\n }",
			"http://localhost:{$PORT} {\n proconnect {\n "+tt.rule+"\n }\n respond inside\n }")
		if got := strings.Contains(s.Logs(), "session { persistent } with a lifetime of 48h0m0s"); got != tt.warned {
			t.Errorf("%q, %q: warned %t", tt.session, tt.rule, got)
		}
	}
}
