package site_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/waits"
)

// Nobody is sent without a click to a ProConnect that does not answer, though it was there
// before: the browser's own error would stand where the login page may be. It is asked
// in the background, and people are sent there again once it is back.
func TestSilentLoginWhileProConnectIsDown(t *testing.T) {
	caddytest.Shorten(t, &waits.Fresh, time.Nanosecond)
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, p.Option(), silentSite)
	b := s.Browser("http://localhost:{$PORT}")
	s.Browser("http://localhost:{$PORT}").LoginAt("/") // so that its endpoints are known
	p.Down()
	ask := func(page string, status int) {
		t.Helper()
		eventually(b, "/docs", func(a caddytest.Answer) bool {
			if a.StatusCode == http.StatusUnauthorized && a.Page() == "departing" { // and looks again
				return false
			}
			if a.StatusCode == http.StatusSeeOther && status != a.StatusCode {
				t.Fatalf("sent to %q", a.RedirectURL())
			}
			return a.StatusCode == status && a.Page() == page
		})
	}
	ask("login", http.StatusUnauthorized)
	caddytest.Shorten(t, &waits.Fresh, time.Minute)
	p.Up(t)
	s.Reload(b, p.Option()+"\n grace_period 1s", silentSite)
	ask("", http.StatusSeeOther)
}
