package e2e

import "testing"

// lateHeaders is a site's header block that takes the place of our own policy: a deletion
// has the whole of it applied late, to what the gate answers, too.
const lateHeaders = `	header {
		-Server
		>Content-Security-Policy "default-src 'self'; form-action 'self'"
	}
`

// TestLateHeaders: in both browsers every page has its look, its button and its form under
// the site's own strict policy, and login and logout come to their end.
//
// The case: "a site's late header block (`-Server`, `>Content-Security-Policy
// "default-src 'self'; form-action 'self'"`)"
func TestLateHeaders(t *testing.T) {
	inBoth(t, sites{"docs": lateHeaders + `	proconnect {
		allow siren 130025265 219200235
		title "Guide des achats"
	}
	proconnect /admin/* {
		allow siren 130025265
	}
	reverse_proxy {$UPSTREAM}`}, func(s *stack, w *window) {
		docs := s.origin("docs")
		styled := func(page string) {
			w.t.Helper()
			w.sees(page)
			// The card's corners are round, and all that the page loads has come.
			const look = `const missing = performance.getEntriesByType("resource").filter((e) => e.responseStatus >= 400).map((e) => e.name);
				return getComputedStyle(document.querySelector("main")).borderTopLeftRadius + " " + document.styleSheets.length + " " + missing`
			if got := w.run(look); got != "12px 1 " {
				w.t.Errorf("the page %s has no style: %q", page, got)
			}
		}
		w.visit(docs + "/secret")
		styled("login")
		if got := w.run(`const r = document.querySelector(".proconnect-button svg").getBoundingClientRect(); return r.width + " " + r.height`); got != "214 56" {
			w.t.Errorf("the official button: %s", got)
		}
		w.logsIn("clamart")
		w.sees("site")
		w.visit(docs + "/admin/")
		styled("refused")
		w.visit(docs + "/.proconnect/nothing")
		styled("problem")
		w.visit(docs + "/.proconnect/logout")
		styled("logout")
		w.follow("main form[method=post] button")
		styled("logged-out")
		w.visit(docs + "/secret")
		styled("login") // ProConnect was left, too
		w.follow(".proconnect-button")
		w.sees("provider-login")
	})
}
