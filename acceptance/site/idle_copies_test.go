package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// Somebody who copied a session keeps the copy in use, while its owner is away for so long
// that it ends in their browser. What the owner does next ends the copy: a logout, or the
// login that takes the session's place.
func TestCopyOfAnIdleSession(t *testing.T) {
	s := caddytest.Start(t, strings.Replace(renewingSandbox, "renew 1h", "idle 30m", 1), renewingSite)
	for name, next := range map[string]func(*caddytest.Browser){
		"a logout": func(b *caddytest.Browser) { b.Follow(b.Visit("/.proconnect/logout")) },
		"a login":  func(b *caddytest.Browser) { b.Login("/", url.Values{"person": {"ministry"}}) },
		"a login as somebody else": func(b *caddytest.Browser) {
			b.Login("/", url.Values{"person": {"commune"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, thief := confirmed(s, t, 29*time.Minute), s.Browser("http://localhost:{$PORT}")
			session := cookieOf(b, "proconnect")
			thief.Plant(session, b.Cookie(session))
			thief.Visit("/")
			confirmedAgo(b, 3*time.Hour)
			if a := b.Visit("/", fetchHeaders...); a.StatusCode != http.StatusUnauthorized {
				t.Fatalf("the owner was away for long: %d", a.StatusCode)
			}
			if a := thief.Visit("/"); a.StatusCode != http.StatusOK {
				t.Fatalf("the copy is worth %d before", a.StatusCode)
			}
			next(b)
			if a := thief.Visit("/", fetchHeaders...); a.StatusCode != http.StatusUnauthorized {
				t.Errorf("the copy is worth %d", a.StatusCode)
			}
		})
	}
}
