package e2e

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/doccode"
)

// newApplication runs the one site of a recipe, which serves a folder, or proxies to
// upstream.
func newApplication(t *testing.T, b doccode.Block, dir, upstream string) *stack {
	t.Helper()
	_, body, _ := strings.Cut(b.Text, "{\n")
	body = strings.TrimSuffix(strings.TrimSpace(body), "}")
	return newStack(t, rs256, sites{"docs": strings.NewReplacer("/srv/app", dir, "localhost:3000", upstream).Replace(body)})
}

// folder is one with files.
func folder(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	writeFiles(t, dir, files)
	return dir
}

const applicationPage = `<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>App</title><link rel="icon" href="data:,">HEAD</head>
<body><main data-page="site"><h1>App</h1>MAIN<p><a id="logout" href="/.proconnect/logout">Se déconnecter</a></p></main></body></html>`

func page(head, main string) string {
	return strings.NewReplacer("HEAD", head, "MAIN", main).Replace(applicationPage)
}

func TestRecipeSinglePageApplication(t *testing.T) {
	script := doccode.Recipe(t, "A single-page application and its API", "js").Text
	s := newApplication(t, doccode.Recipe(t, "A single-page application and its API", "caddyfile"),
		folder(t, map[string]string{"index.html": page("<script>"+script+"</script>", "")}), "{$UPSTREAM}")
	b := newPerson(t)
	address := s.origin("docs") + "/people/12?tab=2"
	b.enter(address, "dinum")
	b.see("site")
	const call = `api("/api/x", {headers: {Accept: "application/json"}}).then((answer) => answer.status)`
	if got := eval[int](b, call); got != 200 {
		t.Errorf("with a session: got %d", got)
	}
	b.forgetCookies()
	eval[bool](b, `document.left = true; `+call+`; true`) // ProConnect still knows the person
	b.see("site")
	if got := b.where(); got != address {
		t.Errorf("the login leads to %s", got)
	}
	if got := eval[int](b, call); got != 200 {
		t.Errorf("after the login: got %d", got)
	}
}

// workboxRoute does what NavigationRoute of Workbox does with the recipe's options.
func workboxRoute(t *testing.T, options string) string {
	t.Helper()
	option := func(name string) string {
		m := regexp.MustCompile(name + `: (.+?),?\n`).FindStringSubmatch(options)
		if m == nil {
			t.Fatalf("the recipe has no %s", name)
		}
		return m[1]
	}
	return workerStart + `const fallback = ` + option("navigateFallback") + `, denylist = ` + option("navigateFallbackDenylist") + `;
self.addEventListener("install", (e) => e.waitUntil(caches.open("precache").then((cache) => cache.add(fallback))));
self.addEventListener("fetch", (e) => {
	const { pathname, search } = new URL(e.request.url);
	if (e.request.mode !== "navigate" || denylist.some((pattern) => pattern.test(pathname + search))) return;
	e.respondWith(caches.match(fallback));
});`
}

func TestRecipeServiceWorker(t *testing.T) {
	options := doccode.Recipe(t, "A service worker", "js").Text
	s := newApplication(t, doccode.Recipe(t, "A service worker", "caddyfile"), folder(t, map[string]string{
		"index.html": page("", ""), "worker.js": workboxRoute(t, options),
		"greedy.js": workboxRoute(t, regexp.MustCompile(`(navigateFallbackDenylist: ).*`).ReplaceAllString(options, "${1}[]")),
	}), "")
	docs := s.origin("docs")
	for _, script := range []string{"/worker.js", "/greedy.js"} {
		b := newPerson(t)
		b.enter(docs+"/", "dinum")
		b.see("site")
		w := &window{b, t}
		w.works(script)
		b.click("#logout")
		if script == "/greedy.js" { // what the recipe is against
			b.see("site")
			continue
		}
		b.see("logged-out")
		b.visit(docs + "/.proconnect/login?return_to=/x")
		if b.seeAny("site", "provider-login") == "provider-login" {
			b.loginAs("clamart")
			b.see("site")
		}
		if got := fetchJSON(b, "/.proconnect/session", `{}`); got.Status != 200 || !strings.Contains(flatten(got.Body), "@clamart.fr") {
			t.Errorf("after the login: %+v", got)
		}
	}
}

// The libraries themselves, as they are published.
func TestRecipeHTMXAndTurbo(t *testing.T) {
	listener := doccode.Recipe(t, "htmx and Turbo", "js").Text
	const button = `<button id="go" hx-get="/part.html" hx-target="#here">load</button><div id="here"></div>`
	pages := map[string]string{
		"htmx-2": page("<script src=/htmx-2.js></script>", button),
		"htmx-4": page("<script src=/htmx-4.js></script>", button),
		"turbo":  page("<script src=/turbo.js></script>", `<a id="go" href="/next.html">next</a>`),
		"form":   page("<script src=/turbo.js></script><script>"+listener+"</script>", `<form method="post" action="/save"><button id="go">save</button></form>`),
		"frame":  page("<script src=/turbo.js></script><script>"+listener+"</script>", `<turbo-frame id="frame"><a id="go" href="/part.html">load</a></turbo-frame>`),
	}
	dir := folder(t, map[string]string{"next.html": page("<script src=/turbo.js></script>", "next"), "part.html": page("", `<turbo-frame id="frame"><b id="part">part</b></turbo-frame>`)})
	for name, text := range pages {
		writeFiles(t, dir, map[string]string{name + ".html": text})
	}
	for name, from := range map[string]string{"htmx-2.js": "htmx-2/dist/htmx.min.js", "htmx-4.js": "htmx.org/dist/htmx.min.js", "turbo.js": "@hotwired/turbo/dist/turbo.es2017-umd.js"} {
		copyFile(t, filepath.Join("servers/node_modules", from), filepath.Join(dir, name))
	}
	application := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(application.Close)
	s := newApplication(t, doccode.Recipe(t, "htmx and Turbo", "caddyfile"), "", application.Listener.Addr().String())
	for name := range pages {
		t.Run(name, func(t *testing.T) {
			b := newPerson(t)
			at := s.origin("docs") + "/" + name + ".html"
			b.enter(at, "dinum")
			b.see("site")
			if name != "turbo" && name != "form" { // with a session the part comes
				eval[bool](b, `document.querySelector("#go").click(); true`)
				eventually(t, "the part", func() bool { return peek[bool](b, `!!document.querySelector("#part")`) })
				b.visit(at)
				b.see("site")
			}
			b.forgetCookies()
			b.click("#go")
			end := at
			if name == "turbo" { // a link: the login page stands at its address
				b.see("login")
				b.click(".proconnect-button")
				end = s.origin("docs") + "/next.html"
			}
			b.see("site") // ProConnect still knows the person
			if got := fetchJSON(b, "/.proconnect/session", `{}`); got.Status != 200 {
				t.Errorf("nobody is logged in: %+v", got)
			}
			if got := b.where(); got != end {
				t.Errorf("the login leads to %s, want %s", got, end)
			}
		})
	}
}

// A part of a page that the rules refuse leaves the page as it is: what htmx gets is for
// programs, and htmx 4 puts the answers of errors into pages, too.
func TestHTMXKeepsThePageOfARefusedPart(t *testing.T) {
	dir := folder(t, nil)
	for name, from := range map[string]string{"htmx-2": "htmx-2/dist/htmx.min.js", "htmx-4": "htmx.org/dist/htmx.min.js"} {
		copyFile(t, filepath.Join("servers/node_modules", from), filepath.Join(dir, name+".js"))
		writeFiles(t, dir, map[string]string{name + ".html": page("<script src=/"+name+".js></script>",
			`<button id="go" hx-get="/refused/part" hx-target="#here">load</button><div id="here">as it was</div>`)})
	}
	s := newStack(t, rs256, sites{"docs": `	proconnect {
		allow any
	}
	proconnect /refused/* {
		allow siren 219200235
	}
	root * ` + dir + `
	file_server`})
	for _, name := range []string{"htmx-2", "htmx-4"} {
		t.Run(name, func(t *testing.T) {
			b := newPerson(t)
			b.enter(s.origin("docs")+"/"+name+".html", "dinum")
			b.see("site")
			heard := eval[bool](b, `new Promise((resolve) => {
				for (const name of ["htmx:responseError", "htmx:response:error"]) document.addEventListener(name, () => resolve(true));
				document.querySelector("#go").click();
			})`)
			// The frame after next comes behind whatever htmx has to swap.
			eval[any](b, `new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(true))))`)
			if got := b.text("#here"); !heard || got != "as it was" {
				t.Errorf("the page shows %q", got)
			}
		})
	}
}
