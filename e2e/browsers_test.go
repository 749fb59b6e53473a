package e2e

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// surfer is a person with a browser, whichever it is.
type surfer interface {
	visit(address string)
	reload()
	forgetCookies()
	run(script string) string // the body of a function; nothing while one page makes way for another
	shown() string
}

var (
	_ surfer = (*tab)(nil)
	_ surfer = (*firefox)(nil)
)

// inBoth runs a test with Chromium and with Firefox, each before sites of its own.
func inBoth(t *testing.T, blocks sites, test func(s *stack, w *window)) {
	t.Run("Chromium", func(t *testing.T) {
		s := newStack(t, rs256, blocks)
		test(s, &window{newPerson(t), t})
	})
	t.Run("Firefox", func(t *testing.T) {
		s := newStack(t, rs256, blocks)
		test(s, &window{newFirefox(t, s), t})
	})
}

// window is what a person does in one window, in the words of these tests.
type window struct {
	surfer
	t *testing.T
}

// sees waits for a page by its name.
func (w *window) sees(page string) {
	w.t.Helper()
	if !within(w.t, patience, func() bool { return w.page() == page }) {
		w.t.Fatalf("waited %v for the page %s at %s", patience, page, w.shown())
	}
}

// page is the name of the page that has loaded, unless it was left.
func (w *window) page() string {
	return w.run(`return document.readyState === "complete" && !document.left && document.querySelector("main")?.dataset.page || ""`)
}

// follow clicks on what leads to another page.
func (w *window) follow(selector string) {
	w.t.Helper()
	quoted, err := json.Marshal(selector)
	if err != nil {
		w.t.Fatal(err)
	}
	if w.run(`const e = document.querySelector(`+string(quoted)+`); if (!e) return ""; document.left = true; setTimeout(() => e.click()); return "ok"`) != "ok" {
		w.t.Fatalf("no %s at %s", selector, w.shown())
	}
}

// leaves waits until the window shows another page than one, kept ones too.
func (w *window) leaves(page string) (next string) {
	w.t.Helper()
	if !within(w.t, patience, func() bool { next = w.showing(); return next != "" && next != page }) {
		w.t.Fatalf("waited %v for another page than %s at %s", patience, page, w.shown())
	}
	return next
}

// showing is the name of the page that stands there, left or not.
func (w *window) showing() string {
	return w.run(`return document.readyState === "complete" && document.querySelector("main")?.dataset.page || ""`)
}

// back goes back in the history, as the browser's button does.
func (w *window) back() {
	w.t.Helper()
	w.run(`document.left = true; setTimeout(() => history.back()); return "ok"`)
}

// logsIn goes from the login page through ProConnect's.
func (w *window) logsIn(person string) {
	w.t.Helper()
	w.sees("login")
	w.follow(".proconnect-button")
	w.sees("provider-login")
	w.follow("#person-" + person)
}

func (b *tab) run(script string) string {
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("(async () => { "+script+" })()", chromedp.EvalAwaitPromise))
	if err != nil {
		return ""
	}
	return v
}

func (b *tab) reload() {
	b.t.Helper()
	do(b, "reload", chromedp.Reload())
}

// forgetCookies drops what this browser keeps for the site that it shows.
func (b *tab) forgetCookies() {
	b.t.Helper()
	for _, c := range b.cookies(b.where()) {
		do(b, "delete a cookie", chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Call(ctx, network.DeleteCookies, network.DeleteCookiesParams{Name: c.Name, Domain: c.Domain, Path: c.Path})
			return err
		}))
	}
}

// enters visits a gated address and logs in.
func (w *window) enters(address, person string) {
	w.t.Helper()
	w.visit(address)
	w.logsIn(person)
	w.sees("site")
}
