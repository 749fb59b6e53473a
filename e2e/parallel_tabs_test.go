package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// browserSecret is a cookie that names a browser to a site at a port, for requests that
// no browser sends.
func browserSecret(prefix, port string) string {
	return prefix + "proconnect_" + port + "_browser=" + strings.Repeat("A", 43)
}

// crowd is how many tabs a browser restores.
const crowd = 30

// killing is a client of an engine of which, as of ProConnect, one pass of a browser comes
// back at a time.
func killing() client {
	c := rs256
	c.killOverlaps = true
	return c
}

const autoGated = `	proconnect {
		allow any
		login auto
	}
	proconnect /admin/* {
		allow mfa
	}
	reverse_proxy {$UPSTREAM}`

// TestRestoredTabs: a browser restores thirty tabs at once, and each ends on its own page,
// though passes at the same time kill one another.
//
// The case: "parallel passes: 30 tabs against an engine that kills overlapping
// interactions as ProConnect does"
func TestRestoredTabs(t *testing.T) {
	for _, tt := range []struct {
		name    string
		target  string // of each tab, before its number
		query   string
		cookies int // kB of the site's own
		known   bool
		sso     bool // there is a session at ProConnect
	}{
		{name: "strangers, without a secret", target: "/page/"},
		{name: "strangers, with a secret", target: "/page/", known: true},
		{name: "a session at ProConnect, targets of a kilobyte, 6 kB of the site's own cookies", target: "/page/", query: strings.Repeat("q", 1000), cookies: 6, sso: true},
		{name: "a session at ProConnect, with a secret", target: "/page/", sso: true, known: true},
		{name: "a level, targets of a kilobyte, 6 kB of the site's own cookies", target: "/admin/", query: strings.Repeat("q", 1000), cookies: 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStack(t, killing(), sites{"docs": autoGated})
			one := newPerson(t)
			one.grow(s.origin("docs"), tt.cookies)
			switch {
			case tt.target == "/admin/" || tt.sso:
				one.visit(s.origin("docs") + "/")
				one.loginAs("dinum")
				one.see("site")
			case tt.known:
				one.visit(s.origin("docs") + "/.proconnect/login?step=go")
				one.see("problem")
			}
			if tt.sso {
				one.forget(s.origin("docs"), tt.known)
			}
			one.restore(s.origin("docs"), tt.target, tt.query)
		})
	}
}

// grow gives the browser cookies of a site's own, of a kilobyte each.
func (b *tab) grow(origin string, n int) {
	b.t.Helper()
	for i := range n {
		do(b, "cookie", func(ctx context.Context, _ *chromedp.Target) (struct{}, error) {
			_, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{
				Name: fmt.Sprint("app", i), Value: strings.Repeat("v", 1000), URL: origin + "/",
			})
			return struct{}{}, err
		})
	}
}

// forget drops the session that the browser has at a site, and what else we keep there.
func (b *tab) forget(origin string, butTheSecret bool) {
	b.t.Helper()
	for _, c := range b.cookies(origin + "/") {
		if !strings.HasPrefix(c.Name, "__Host-") || butTheSecret && strings.HasSuffix(c.Name, "_browser") {
			continue
		}
		do(b, "forget", func(ctx context.Context, _ *chromedp.Target) (struct{}, error) {
			_, err := chromedp.Call(ctx, network.DeleteCookies, network.DeleteCookiesParams{Name: c.Name, Domain: c.Domain, Path: c.Path})
			return struct{}{}, err
		})
	}
}

// restore opens many tabs at once. Where one of them asks for a login, the person gives
// it, and whatever the others show meanwhile, each ends on its own page.
func (b *tab) restore(origin, target, query string) {
	b.t.Helper()
	tabs := make([]*tab, crowd)
	for i := range tabs {
		tabs[i] = b.newTab()
	}
	var all sync.WaitGroup
	for i, tab := range tabs {
		all.Go(func() { tab.visit(fmt.Sprint(origin, target, i, "?", query)) })
	}
	all.Wait()
	asked := 0
	for i, tab := range tabs {
		arrived := within(b.t, 4*patience, func() bool { // thirty tabs take their time on a busy machine
			for _, other := range tabs {
				if other.page() == "provider-login" {
					asked++
					if target == "/admin/" {
						other.fill("acr", "eidas1-mfa")
					}
					other.click("#person-dinum")
				}
			}
			return tab.page() == "site"
		})
		if !arrived {
			b.t.Fatalf("tab %d is not on its page", i)
		}
		want := fmt.Sprint(target, i)
		if got, _, _ := strings.Cut(tab.text("#uri"), "?"); got != want {
			b.t.Errorf("tab %d ends on %s", i, got)
		}
	}
	if asked > 1 {
		b.t.Errorf("%d tabs asked for a login", asked)
	}
}
