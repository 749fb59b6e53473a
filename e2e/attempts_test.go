package e2e

import (
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// TestTwoTabs: two tabs that were sent to log in both get where they wanted.
func TestTwoTabs(t *testing.T) {
	l := rs256
	l.perTabInteractions = true
	for _, tt := range []struct {
		name  string
		order []int
	}{{"first first", []int{0, 1}}, {"second first", []int{1, 0}}} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStack(t, l, sites{"docs": gated})
			one := newPerson(t)
			tabs, paths := []*tab{one, one.newTab()}, []string{"/one", "/two"}
			for i, b := range tabs {
				b.visit(s.origin("docs") + paths[i])
				b.see("login")
				b.click(".proconnect-button")
				b.see("provider-login")
			}
			for _, i := range tt.order {
				tabs[i].loginAs("dinum")
				tabs[i].see("site")
				if got := tabs[i].text("#uri"); got != paths[i] {
					t.Errorf("tab %d: got %s, want %s", i+1, got, paths[i])
				}
			}
		})
	}
}

// TestTwoTabsSharedInteraction: at ProConnect tabs share a cookie, so the first
// comes back with the second's state, and the second ends on an error page of
// ProConnect's own.
func TestTwoTabsSharedInteraction(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": gated})
	one := newPerson(t)
	two := one.newTab()
	for path, b := range map[string]*tab{"/one": one, "/two": two} {
		b.visit(s.origin("docs") + path)
		b.see("login")
	}
	for _, b := range []*tab{one, two} {
		b.click(".proconnect-button")
		b.see("provider-login")
	}
	one.loginAs("dinum")
	one.see("site")
	if got := one.text("#uri"); got != "/two" {
		t.Errorf("got %s, want the second tab's page", got)
	}
	two.loginAs("dinum")
	two.see("provider-error")
	two.visit(s.origin("docs") + "/two")
	two.see("site")
}

// TestBookmarkedCallback: people keep the address of the callback. It leads
// somewhere, and never to a second call of the token endpoint.
func TestBookmarkedCallback(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": gated})
	b := newPerson(t)
	callback := watchFor(b, "/.proconnect/callback?")
	b.enter(s.origin("docs")+"/page", "dinum")
	b.see("site")

	t.Run("with a session", func(t *testing.T) {
		b.visit(callback())
		// To the site at once, or by a page that leads there.
		if b.seeAny("site", "problem") == "problem" {
			b.click("main a[href], main button")
			b.see("site")
		}
	})
	t.Run("in another browser", func(t *testing.T) {
		stranger := newPerson(t)
		stranger.visit(callback())
		stranger.see("problem")
		stranger.click("main a[href], main button")
		stranger.loginAgain("clamart")
		stranger.see("site")
	})
	t.Run("without parameters", func(t *testing.T) {
		stranger := newPerson(t)
		stranger.visit(s.origin("docs") + "/.proconnect/callback")
		stranger.see("problem")
		stranger.click("main a[href], main button")
		stranger.loginAgain("clamart")
		stranger.see("site")
	})
	if got := len(s.provider.journal(t, "/token")); got != 3 {
		t.Errorf("got %d token calls, want one for each login", got)
	}
}

// watchFor notes the first address with some words that the tab asks for.
func watchFor(b *tab, words string) func() string {
	b.t.Helper()
	var mu sync.Mutex
	var found string
	err := chromedp.Listen(b.ctx, func(ev any) {
		if r, ok := ev.(*network.EventRequestWillBeSent); ok && strings.Contains(r.Request.URL, words) {
			mu.Lock()
			defer mu.Unlock()
			if found == "" {
				found = r.Request.URL
			}
		}
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		if found == "" {
			b.t.Fatalf("the tab never asked for %s", words)
		}
		return found
	}
}

// TestProviderErrors: what ProConnect answers instead of a code is told in
// words, with a next step.
func TestProviderErrors(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": gated})
	for _, tt := range []struct {
		answer string
		status int
		page   []string
	}{
		{"access_denied", 403, []string{"problem"}},
		{"temporarily_unavailable", 503, []string{"problem"}},
		{"server_error", 503, []string{"problem"}},
		{"invalid_request", 0, []string{"problem"}},
		{"login_required", 0, []string{"login"}},
	} {
		t.Run(tt.answer, func(t *testing.T) {
			b := newPerson(t)
			b.visit(s.origin("docs") + "/")
			b.see("login")
			b.click(".proconnect-button")
			b.see("provider-login")
			b.fill("error", tt.answer)
			b.click("#submit")
			b.seeAny(tt.page...)
			if got := b.status(); tt.status != 0 && got != tt.status {
				t.Errorf("got status %d, want %d", got, tt.status)
			}
			b.text("main a[href], main button")
			if got := s.send(t, "GET", s.origin("docs")+"/").StatusCode; got != 401 {
				t.Errorf("the site: got %d", got)
			}
		})
	}
}
