package e2e

import (
	"strings"
	"testing"
)

// TestFragment: the fragment of an address is there after a login, from the page with the
// button, without a click and for another level, in both browsers and under a strict
// policy of the site's. ProConnect shows a page each time, so that no redirect carries it.
func TestFragment(t *testing.T) {
	inBoth(t, sites{"docs": lateHeaders + `	proconnect {
		allow any
	}
	proconnect /admin/* {
		allow {
			siren 130025265
			mfa
		}
	}
	reverse_proxy {$UPSTREAM}`, "auto": `	proconnect {
		allow any
		login auto
	}
	reverse_proxy {$UPSTREAM}`}, func(s *stack, w *window) {
		const fragment = "#/dossiers/12?tab=1"
		arrives := func(address string) {
			w.t.Helper()
			w.sees("site")
			if got := w.run("return location.href"); got != address {
				w.t.Errorf("came to %s, want %s", got, address)
			}
		}
		docs, auto := s.origin("docs"), s.origin("auto")
		w.visit(docs + "/page?x=1" + fragment)
		w.logsIn("dinum")
		arrives(docs + "/page?x=1" + fragment)

		w.visit(docs + "/admin/" + fragment) // ProConnect asks for the second factor
		w.sees("provider-login")
		w.run(`document.querySelector("#field-acr").value = "eidas1-mfa"; return "ok"`)
		w.follow("#person-dinum")
		arrives(docs + "/admin/" + fragment)

		w.visit(docs + "/.proconnect/logout")
		w.sees("logout")
		w.follow("main form[method=post] button")
		w.sees("logged-out")
		w.visit(docs + "/page#" + strings.Repeat("x", 9000)) // proxies refuse an address that holds it
		w.sees("login")
		if got := w.run(`return document.querySelector("a.proconnect-button").getAttribute("href")`); len(got) > 100 {
			w.t.Errorf("a link of %d bytes", len(got))
		}
		w.logsIn("dinum")
		w.sees("site")

		for _, known := range []string{"a new browser", "a browser that has been there"} {
			w.visit(docs + "/.proconnect/logout")
			w.sees("logout")
			w.follow("main form[method=post] button")
			w.sees("logged-out")
			w.visit(auto + "/page/" + strings.ReplaceAll(known, " ", "-") + fragment)
			w.sees("provider-login")
			w.follow("#person-dinum")
			arrives(auto + "/page/" + strings.ReplaceAll(known, " ", "-") + fragment)
			w.visit(auto + "/.proconnect/logout")
			w.sees("logout")
			w.follow("main form[method=post] button")
			w.sees("logged-out")
			w.visit(docs + "/page")
			w.logsIn("dinum")
			w.sees("site")
		}
	})
}
