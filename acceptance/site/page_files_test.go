package site_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// loadedByPage finds what a page of ours loads.
var loadedByPage = regexp.MustCompile(`<(?:link|script|img)\b[^>]*\s(?:href|src)="([^"]*)"`)

// filesOfPage are the addresses of what a page of ours loads, two at least.
func filesOfPage(t *testing.T, a caddytest.Answer) (files []string) {
	t.Helper()
	for _, m := range loadedByPage.FindAllStringSubmatch(a.Text, -1) {
		files = append(files, m[1])
	}
	if len(files) < 2 {
		t.Fatalf("%d, page %q loads %q", a.StatusCode, a.Page(), files)
	}
	return files
}

// Whoever sees a page of ours gets its files, wherever the gate is and whatever it would
// say of them.
func TestPageFilesAreThereForEverybody(t *testing.T) {
	const rule = "\n allow siren 130025265\n"
	for name, tt := range map[string]struct{ site, at, page string }{
		"the whole site":   {"proconnect {" + rule + "}\n respond protected", "/x", "login"},
		"a part of a site": {"proconnect /admin/* {" + rule + "}\n respond open", "/admin/", "login"},
		"login auto":       {"proconnect {" + rule + " login auto\n}\n respond protected", "/.proconnect/nothing", "problem not_found"},
		"inside of handle": {
			"handle /admin/* {\n proconnect {" + rule + " path /admin/.proconnect\n}\n respond protected\n}\n handle {\n abort\n}", "/admin/x", "login",
		},
		"inside of handle_path": {
			"handle_path /app/* {\n proconnect {" + rule + " path /app/.proconnect\n}\n respond protected\n}\n handle {\n abort\n}", "/app/x", "login",
		},
		"two gates":       {"proconnect {\n allow any\n}\n proconnect /x/* {" + rule + " mfa\n title Two\n}\n respond protected", "/x/", "login"},
		"under a rewrite": {"proconnect {" + rule + "}\n rewrite * /index.html\n respond protected", "/x", "login"},
		"its own path":    {"proconnect {" + rule + " path /login/here\n}\n respond protected", "/x", "login"},
		"plain http":      {"", "/x", "problem insecure_origin"},
		"a lost gate":     {"handle /x/* {\n proconnect {" + rule + "}\n respond protected\n}\n handle {\n abort\n}", "/x/", "problem callback_unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			options, site, base := caddytest.Sandbox, "http://localhost:{$PORT} {\n route {\n "+tt.site+"\n }\n}", "http://localhost:{$PORT}"
			if tt.site == "" {
				p := caddytest.NewProvider(t)
				options, site = p.Option(), "http://docs.example.test:{$PORT} {\n proconnect {"+rule+"}\n respond protected\n}"
				base = "http://docs.example.test:{$PORT}"
			}
			s := caddytest.Start(t, options, site)
			b := s.Browser(base)
			a := b.Visit(tt.at)
			if a.Page() != tt.page {
				t.Fatalf("%d, page %q", a.StatusCode, a.Page())
			}
			if name == "a lost gate" { // its files are lost too: the page has to do without
				return
			}
			for _, file := range filesOfPage(t, a) {
				fileForEverybody(t, s.Browser(base).For(t), file)
			}
		})
	}
}

// fileForEverybody asks for a file as everybody does who has no session.
func fileForEverybody(t *testing.T, b *caddytest.Browser, file string) {
	t.Helper()
	kind := map[string]string{"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml", "png": "image/png"}[file[strings.LastIndex(file, ".")+1:]]
	for _, headers := range [][]string{
		{"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "style"},
		{"Sec-Fetch-Mode", "", "Sec-Fetch-Dest", "", "Sec-Fetch-Site", "", "Accept", "*/*"},
		{"Sec-Purpose", "prefetch"},
		{"Early-Data", "1"},
		nil,
	} {
		a := b.Request(http.MethodGet, file, nil, headers...)
		if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != kind || len(a.Text) < 50 || len(a.Cookies()) != 0 {
			t.Errorf("%s: %d, %q, %d bytes, cookies %v", file, a.StatusCode, a.Header.Get("Content-Type"), len(a.Text), a.Cookies())
		}
		for name, want := range map[string]string{
			"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox", "Content-Disposition": "attachment",
			"Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s: %s: %s", file, name, got)
			}
		}
	}
	if a := b.Request(http.MethodHead, file, nil); a.StatusCode != http.StatusOK || a.Text != "" || a.ContentLength < 50 {
		t.Errorf("HEAD %s: %d, %d bytes", file, a.StatusCode, a.ContentLength)
	}
	if a := b.Request(http.MethodPost, file, url.Values{"a": {"b"}}); a.StatusCode != http.StatusMethodNotAllowed || a.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST %s: %d", file, a.StatusCode)
	}
	folder := file[:strings.LastIndex(file, "/")+1]
	for _, other := range []string{
		folder, folder + "style.css", folder + "x/" + file[len(folder):], folder[:len(folder)-1], file + "/", file + "x",
		folder + strings.ToUpper(file[len(folder):]), folder + "%2e%2e/session",
	} {
		if a := b.Request(http.MethodGet, other, nil); a.StatusCode < http.StatusBadRequest || strings.Contains(a.Text, "protected") {
			t.Errorf("%s: %d, page %q", other, a.StatusCode, a.Page())
		}
	}
}

// The host of callback_origin, and a second client on a host, have their files as well.
func TestPageFilesBesideOtherClients(t *testing.T) {
	p := caddytest.NewProvider(t)
	other := strings.Replace(strings.TrimSpace(p.Option()), "proconnect", "proconnect other", 1)
	s := caddytest.Start(t, p.Option()+"\n"+other, "http://localhost:{$PORT} {\n route {\n proconnect /a/* {\n allow any\n }\n"+
		" proconnect /b/* {\n client other\n allow any\n path /.other\n }\n respond open\n }\n}")
	b := s.Browser("http://localhost:{$PORT}")
	for at, path := range map[string]string{"/a/": "/.proconnect/assets/", "/b/": "/.other/assets/"} {
		for _, file := range filesOfPage(t, b.Visit(at)) {
			if !strings.HasPrefix(file, path) {
				t.Errorf("the page at %s loads %s", at, file)
			}
			fileForEverybody(t, b, file)
		}
	}
}

// "a site's late header block (`-Server`, `>Content-Security-Policy "default-src 'self';
// form-action 'self'"`)": every page holds to that policy, and login and logout go on.
func TestLateHeaderBlock(t *testing.T) {
	const late = `
	header {
		-Server
		>Content-Security-Policy "default-src 'self'; form-action 'self'"
	}`
	s := caddytest.Start(t, caddytest.Sandbox, "http://localhost:{$PORT} {"+late+`
	proconnect {
		allow any
	}
	proconnect /dinum/* {
		allow siren 130025265
	}
	proconnect /mfa/* {
		allow mfa
	}
	respond "inside"
}`)
	b := s.Browser("http://localhost:{$PORT}")
	holds := func(a caddytest.Answer, page string) caddytest.Answer {
		t.Helper()
		if a.Page() != page || a.Header.Get("Content-Security-Policy") != "default-src 'self'; form-action 'self'" {
			t.Fatalf("got %d, page %q under %s", a.StatusCode, a.Page(), a.Header.Get("Content-Security-Policy"))
		}
		if a.Header.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: may be framed, since the policy does not say otherwise", page)
		}
		if m := notBySelf.FindString(a.Text); m != "" {
			t.Errorf("%s: the policy keeps away %s", page, m)
		}
		for _, file := range filesOfPage(t, a) {
			if f := b.Request(http.MethodGet, file, nil); f.StatusCode != http.StatusOK {
				t.Errorf("%s: %s: %d", page, file, f.StatusCode)
			}
		}
		return a
	}
	login := holds(b.Visit("/"), "login")
	_, link, _ := strings.Cut(login.Text, `<a class="proconnect-button" href="`)
	link, _, _ = strings.Cut(link, `"`)
	a := holdsInSandbox(t, b, b.Follow(b.Visit(strings.ReplaceAll(link, "&amp;", "&"))))
	// The answer to the sandbox's form stays at the site, on its whole way.
	a = b.Request(http.MethodPost, a.Request.URL.String(), url.Values{"person": {"commune"}})
	for a.StatusCode == http.StatusSeeOther {
		if !strings.HasPrefix(a.RedirectURL(), b.Base+"/") {
			t.Fatalf("the form leads to %s", a.RedirectURL())
		}
		a = b.Request(http.MethodGet, a.RedirectURL(), nil)
	}
	if a.Text != "inside" {
		t.Fatalf("login: %d, page %q", a.StatusCode, a.Page())
	}
	holds(b.Visit("/.proconnect/nothing"), "problem not_found")
	holds(b.Visit("/dinum/"), "refused")
	ask := holds(b.Visit("/.proconnect/logout", "Sec-Fetch-Site", "cross-site"), "logout")
	form := url.Values{"token": {logoutToken(t, ask)}}
	left := holds(b.Request(http.MethodPost, "/.proconnect/logout", form, "Origin", b.Base), "leaving")
	if left.RefreshURL() == "" || left.Header.Get("Refresh") != "" {
		t.Errorf("it goes on to %q, Refresh %q: want the page alone to tell", left.RefreshURL(), left.Header.Get("Refresh"))
	}
	holds(b.Follow(left), "logged-out")
}

// notBySelf finds what `default-src 'self'; form-action 'self'` keeps a page from.
var notBySelf = regexp.MustCompile(`<style[^>]*>|\sstyle="[^"]*"|<script>|\son[a-z]+="[^"]*"|="data:[^"]*"|<(?:link|script|img|iframe)[^>]*\s(?:href|src)="(?:https?:|//)[^"]*"|<form[^>]*\saction="(?:https?:|//)[^"]*"`)

// holdsInSandbox is the same of the simulated ProConnect's page.
func holdsInSandbox(t *testing.T, b *caddytest.Browser, a caddytest.Answer) caddytest.Answer {
	t.Helper()
	if a.Page() != "sandbox-login" {
		t.Fatalf("got %d, page %q", a.StatusCode, a.Page())
	}
	if m := notBySelf.FindString(a.Text); m != "" {
		t.Errorf("the policy keeps away %s", m)
	}
	for _, file := range filesOfPage(t, a) {
		if f := b.Request(http.MethodGet, "/.proconnect/sandbox/"+file, nil); f.StatusCode != http.StatusOK || !strings.HasSuffix(f.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d", file, f.StatusCode)
		}
	}
	return a
}
