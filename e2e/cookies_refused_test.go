package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// refusing is a browser of its own, of somebody who set it to keep no cookies.
func refusing(t *testing.T) *tab {
	t.Helper()
	profile := t.TempDir()
	if err := os.Mkdir(filepath.Join(profile, "Default"), 0o700); err != nil {
		t.Fatal(err)
	}
	settings := `{"profile":{"default_content_setting_values":{"cookies":2}}}`
	if err := os.WriteFile(filepath.Join(profile, "Default", "Preferences"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), chromium(profile)...)
	t.Cleanup(stop)
	return openTab(t, allocator)
}

// TestCookiesRefused: a browser that keeps no cookies is told so before it is sent to
// ProConnect, where nobody gets anywhere without: by the button, without a click, and by a
// link of the site's own.
func TestCookiesRefused(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": gated, "auto": `	proconnect {
		allow any
		login auto
	}
	reverse_proxy {$UPSTREAM}`, "open": `	proconnect /members/* {
		allow any
	}
	header Content-Type text/html
	respond "<a id=enter href='/.proconnect/login?return_to=/members/'>enter</a>"`})
	for name, way := range map[string]func(b *tab){
		"the button": func(b *tab) {
			b.visit(s.origin("docs") + "/page")
			b.see("login")
			b.click(".proconnect-button")
		},
		"a link of the site's": func(b *tab) {
			b.visit(s.origin("open") + "/")
			b.click("#enter")
		},
		"without a click": func(b *tab) { b.visit(s.origin("auto") + "/page") },
	} {
		t.Run(name, func(t *testing.T) {
			b := refusing(t)
			before := len(s.provider.journal(t, "/authorize"))
			way(b)
			b.see("problem")
			if got := eval[string](b, `document.querySelector("main").dataset.problem`); got != "cookies_refused" {
				t.Errorf("the page is of %s", got)
			}
			if n := len(s.provider.journal(t, "/authorize")) - before; n != 0 {
				t.Errorf("ProConnect was asked %d times", n)
			}
		})
	}
}
