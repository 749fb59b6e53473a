package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// tab is one tab of the browser; tabs of one person share their cookies.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// newPerson opens a tab of a browser that has never been anywhere.
func newPerson(t *testing.T) *tab {
	t.Helper()
	if err := startBrowser(); err != nil {
		t.Fatal(err)
	}
	return openTab(t, browser, chromedp.WithNewBrowserContext())
}

// newTab opens another tab of the same person.
func (b *tab) newTab() *tab {
	b.t.Helper()
	return openTab(b.t, b.ctx)
}

func openTab(t *testing.T, parent context.Context, opts ...chromedp.ContextOption) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, opts...)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return &tab{t, ctx}
}

// do runs one action, and fails the test with what the tab shows.
func do[T any](b *tab, what string, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		b.t.Fatalf("%s: %v, at %s", what, err, b.shown())
	}
	return v
}

// peek asks the page something that it may not know yet.
func peek[T any](b *tab, expression string) T {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil { // between two pages
		var zero T
		return zero
	}
	return v
}

// visit goes to an address, as if it were typed.
func (b *tab) visit(address string) {
	b.t.Helper()
	do(b, "visit "+address, chromedp.Navigate(address))
}

// see waits for a page by its name.
func (b *tab) see(page string) {
	b.t.Helper()
	b.seeAny(page)
}

// seeAny waits for one of several pages, and says which it was.
func (b *tab) seeAny(pages ...string) string {
	b.t.Helper()
	var now string
	seen := false
	defer func() {
		if !seen {
			b.t.Logf("the tab is at %s", b.shown())
		}
	}()
	eventually(b.t, "the page "+strings.Join(pages, " or "), func() bool {
		now = b.page()
		for _, p := range pages {
			if now == p {
				return true
			}
		}
		return false
	})
	seen = true
	return now
}

// page is the name of the page that has loaded, or nothing: not that of a page
// which a click has left and which is still there.
func (b *tab) page() string {
	return peek[string](b, `document.readyState === "complete" && !document.left && document.querySelector("main")?.dataset.page || ""`)
}

// shown describes what the tab shows, for people who read a failure.
func (b *tab) shown() string {
	return b.where() + "\n" + peek[string](b, `document.documentElement.innerText`)
}

// where is the address in the address bar.
func (b *tab) where() string { return peek[string](b, `location.href`) }

// click clicks with the mouse on what leads to another page. The one that it
// leaves may stay for a while, and the next may have the same name: a document
// that was left is marked.
func (b *tab) click(selector string) {
	b.t.Helper()
	eval[bool](b, `document.left = true`)
	do(b, "click "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// text is the text of an element.
func (b *tab) text(selector string) string {
	b.t.Helper()
	return strings.TrimSpace(do(b, "text of "+selector, chromedp.TextContent(chromedp.CSS(selector))))
}

// eval runs a script in the page, and waits for its promise.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	return do(b, "evaluate", chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// status is the status of the answer that the page came with.
func (b *tab) status() int {
	b.t.Helper()
	return eval[int](b, `performance.getEntriesByType("navigation")[0].responseStatus`)
}

// cookies are the cookies that an address would be sent.
func (b *tab) cookies(address string) []*network.Cookie {
	b.t.Helper()
	res := do(b, "cookies", func(ctx context.Context, _ *chromedp.Target) (network.GetCookiesResult, error) {
		return chromedp.Call(ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{address}})
	})
	return res.Cookies
}

// loginAs goes through the provider's login page as one of its persons.
func (b *tab) loginAs(person string) {
	b.t.Helper()
	b.see("provider-login")
	b.click("#person-" + person)
}

// enter visits a gated address and logs in.
func (b *tab) enter(address, person string) {
	b.t.Helper()
	b.visit(address)
	b.see("login")
	b.click(".proconnect-button")
	b.loginAs(person)
}
