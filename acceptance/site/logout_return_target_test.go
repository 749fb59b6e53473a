package site_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A page of ours that goes on by itself, when another tab has logged in, goes on as one of
// the site's own: with a link of another site to it, no gate of the site logs anybody out.
// Each gate knows the addresses of all of them.
func TestLogoutIsNoReturnTarget(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	handle /admin/* {
		proconnect {
			allow any
			path /admin/.proconnect
		}
		respond "inside"
	}
	respond "in"
}`)
	for _, logout := range []string{"/admin/.proconnect/logout", "/admin/%2eproconnect/logout?then=login", "/admin/.proconnect/logout#x"} {
		b := s.Browser("http://localhost:{$PORT}")
		b.Visit("/x") // brings the secret
		link := "/.proconnect/login?step=wait&since=" + strconv.FormatInt(time.Now().Unix(), 10) + "&return_to=" + url.QueryEscape(logout)
		a := b.Visit(link, "Sec-Fetch-Site", "cross-site")
		if a.Page() != "waiting" || !strings.Contains(a.RefreshURL(), "step=wait") {
			t.Fatalf("%s: want a page that waits, got %d, page %q", logout, a.StatusCode, a.Page())
		}
		b.Login("/x", url.Values{"person": {"ministry"}})
		if a = b.Follow(b.Visit(a.RefreshURL())); a.Text != "in" {
			t.Errorf("%s: it goes on to %d, page %q", logout, a.StatusCode, a.Page())
		}
		if a := b.Visit("/admin/x"); a.Text != "inside" {
			t.Errorf("%s: the session is gone: %d, page %q", logout, a.StatusCode, a.Page())
		}
	}
}
