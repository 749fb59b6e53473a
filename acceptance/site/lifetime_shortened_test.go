package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A session that a shorter lifetime has ended, until the operator takes that back or on a
// node that has another one, ends for good with its owner's next logout or login: a copy
// of it is worth nothing when sessions may live for as long as before.
func TestCopyOfASessionThatAShorterLifetimeEnded(t *testing.T) {
	long := strings.Replace(renewingSandbox, "renew 1h", "", 1)
	short := strings.Replace(long, "lifetime 12h", "lifetime 1h", 1)
	s := caddytest.Start(t, long, renewingSite)
	for name, next := range map[string]func(*caddytest.Browser){
		"nothing":  nil,
		"a logout": func(b *caddytest.Browser) { b.Follow(b.Visit("/.proconnect/logout")) },
		"a login":  func(b *caddytest.Browser) { b.Login("/", url.Values{"person": {"ministry"}}) },
	} {
		t.Run(name, func(t *testing.T) {
			b := confirmed(s, t, 2*time.Hour)
			thief := s.Browser(b.Base)
			thief.Plant("proconnect", b.Cookie("proconnect"))
			b.RetryResets()
			s.Reload(thief, short, renewingSite)
			if a := b.Visit("/", fetchHeaders...); a.StatusCode != http.StatusUnauthorized {
				t.Fatalf("the lifetime is over: %d", a.StatusCode)
			}
			want := http.StatusOK
			if next != nil {
				next(b)
				want = http.StatusUnauthorized
			}
			s.Load(long, renewingSite)
			if a := thief.Visit("/", fetchHeaders...); a.StatusCode != want {
				t.Errorf("the copy is worth %d, want %d", a.StatusCode, want)
			}
		})
	}
}
