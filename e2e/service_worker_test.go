package e2e

import "testing"

// workerStart has a service worker take over the pages that are open.
const workerStart = `self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (e) => e.waitUntil(self.clients.claim()));
`

// workers are service workers that send every navigation on, as many sites' do.
var workers = map[string]string{
	"/worker-as-it-is.js": `self.addEventListener("fetch", (e) => e.respondWith(fetch(e.request)));`,
	"/worker-anew.js":     `self.addEventListener("fetch", (e) => e.respondWith(fetch(new Request(e.request, { cache: "no-store" }))));`,
}

// TestServiceWorker: behind a service worker people log in, lose their session, log
// in again and out. Another site's link or form, which the worker makes look like
// our own, logs nobody out.
func TestServiceWorker(t *testing.T) {
	for script := range workers {
		t.Run(script[1:], func(t *testing.T) {
			inBoth(t, sites{"docs": gated, "other": "	header Content-Type text/html\n	respond `<main data-page=\"other\">another site</main>` 200"}, func(s *stack, w *window) {
				docs := s.origin("docs")
				w.enters(docs+"/", "dinum")
				w.works(script)
				w.visit(docs + "/through")
				w.sees("site")
				seen := s.upstream.last(w.t, "/through").Header
				w.t.Logf("the site sees mode %s, destination %s, site %s", seen["Sec-Fetch-Mode"], seen["Sec-Fetch-Dest"], seen["Sec-Fetch-Site"])
				if got := seen.Get("Sec-Fetch-Dest"); got != "empty" {
					w.t.Errorf("the destination is %q: no worker sent this on", got)
				}

				w.forgetCookies()
				w.reload()
				w.sees("login")
				w.follow(".proconnect-button") // ProConnect still knows the person
				w.sees("site")
				if got := w.run("return location.pathname"); got != "/through" {
					w.t.Errorf("the login leads back to %s", got)
				}

				w.comesFromElsewhere(s, `location.href = "`+docs+`/.proconnect/logout"`)
				w.comesFromElsewhere(s, `const form = document.createElement("form");
					form.method = "post";
					form.action = "`+docs+`/.proconnect/logout";
					document.body.append(form);
					form.submit();`)
				w.visit(docs + "/still")
				w.sees("site")

				w.follow("#logout") // it asks: the worker makes this look like the link from elsewhere
				w.sees("logout")
				w.follow("main form[method=post] button")
				w.sees("logged-out")
				w.visit(docs + "/gone")
				w.sees("login")
			})
		})
	}
}

// works puts the window under a service worker.
func (w *window) works(script string) {
	w.t.Helper()
	w.run(`navigator.serviceWorker.register("` + script + `"); return "ok"`)
	if !within(w.t, patience, func() bool { return w.run(`return navigator.serviceWorker.controller ? "yes" : ""`) == "yes" }) {
		w.t.Fatal("no service worker took over")
	}
}

// comesFromElsewhere runs a script on another site that leads to the logout, and
// wants to be asked.
func (w *window) comesFromElsewhere(s *stack, script string) {
	w.t.Helper()
	w.visit(s.origin("other") + "/")
	w.sees("other")
	w.run("document.left = true; setTimeout(() => { " + script + " }); return 'ok'")
	w.sees("logout")
}
