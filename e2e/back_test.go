package e2e

import "testing"

// TestBackAfterLogout: both browsers keep whole pages in memory, and Back brings
// them up again without a word to the server. After a logout none of them may be a
// page that was behind the gate, whichever way led out.
//
// The case: "Back after a logout, after ?then=login, in Chromium and Firefox"
func TestBackAfterLogout(t *testing.T) {
	inBoth(t, sites{"docs": exempt}, func(s *stack, w *window) {
		keepsPages(s, w)
		for _, way := range []struct {
			name  string
			out   func(*window)
			steps int // pages since the secret one
		}{
			{"logout", func(w *window) { w.follow("#logout"); w.sees("logged-out") }, 1},
			{"to another account", func(w *window) { w.follow("#switch"); w.sees("provider-login") }, 1},
			{"by the page that asks", func(w *window) {
				w.visit(s.origin("docs") + "/.proconnect/logout")
				w.sees("logout")
				w.follow("main form[method=post] button")
				w.sees("logged-out")
			}, 2},
			{"here only", func(w *window) {
				s.provider.stop()
				s.restartCaddy() // it knows nothing of the provider any more
				w.follow("#logout")
				w.sees("logged-out")
			}, 1},
		} {
			w.enters(s.origin("docs")+"/secret", "dinum")
			w.visit(s.origin("docs") + "/secret/2")
			w.sees("site")
			way.out(w)
			for range way.steps {
				from := w.showing()
				w.back()
				if got := w.leaves(from); got == "site" {
					w.t.Errorf("%s: Back shows %s", way.name, w.shown())
				}
			}
			from := w.run("return location.href")
			w.back()
			if !within(w.t, patience, func() bool { return w.run("return location.href") != from && w.showing() != "" }) {
				w.t.Errorf("%s: Back from %s leads nowhere", way.name, from)
			}
			if got := w.showing(); got == "site" {
				w.t.Errorf("%s: Back once more shows %s", way.name, w.shown())
			}
		}
	})
}

// keepsPages makes sure that the browser keeps pages at all: of a page that
// everybody may see, Back shows what was changed in it.
func keepsPages(s *stack, w *window) {
	w.t.Helper()
	w.visit(s.origin("docs") + "/public/1")
	w.sees("site")
	w.run(`document.querySelector("h1").textContent = "kept"; return "ok"`)
	w.visit(s.origin("docs") + "/public/2")
	w.sees("site")
	w.back()
	if !within(w.t, patience, func() bool { return w.run(`return document.querySelector("h1")?.textContent`) == "kept" }) {
		w.t.Fatalf("this browser keeps no pages: the test would prove nothing")
	}
}
