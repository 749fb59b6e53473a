package provider_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// noAttempts: what no person is looking at begins no login and leads nowhere.
//
// The case: "HEAD, prefetch, prerender, iframe, `<img>` without session".
func (h *world) noAttempts(t *testing.T) {
	cases := map[string]struct {
		method  string
		headers []string
	}{
		"HEAD":                       {http.MethodHead, nil},
		"prefetch":                   {http.MethodGet, []string{"Sec-Purpose", "prefetch"}},
		"prefetch by an old browser": {http.MethodGet, []string{"Sec-Fetch-Mode", "", "Sec-Fetch-Dest", "", "Purpose", "prefetch"}},
		"prerender":                  {http.MethodGet, []string{"Sec-Purpose", "prefetch;prerender"}},
		"iframe":                     {http.MethodGet, []string{"Sec-Fetch-Dest", "iframe"}},
		"embed":                      {http.MethodGet, []string{"Sec-Fetch-Dest", "embed"}},
		"<img>":                      {http.MethodGet, []string{"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}},
		"fetch":                      {http.MethodGet, []string{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}},
		"a worker's script":          {http.MethodGet, []string{"Sec-Fetch-Mode", "same-origin", "Sec-Fetch-Dest", "serviceworker"}},
		"a program":                  {http.MethodGet, []string{"Sec-Fetch-Mode", "", "Sec-Fetch-Dest", "", "Accept", "*/*"}},
	}
	for name, c := range cases {
		for _, on := range []string{"rs", "auto"} {
			for _, target := range []string{"/wanted", "/.proconnect/login", "/.proconnect/login?acr_values=eidas2"} {
				t.Run(name+" without session/"+on+target, func(t *testing.T) {
					l := h.p.Clients[on]
					before := l.Calls()
					a := h.visitor(t, l).Request(c.method, target, nil, c.headers...)
					if a.StatusCode != http.StatusUnauthorized && a.StatusCode != http.StatusMethodNotAllowed {
						t.Errorf("got %d", a.StatusCode)
					}
					if len(a.Cookies()) > 0 || a.Header.Get("Location") != "" || a.Header.Get("Refresh") != "" || strings.Contains(a.Text, "PROTECTED") {
						t.Errorf("an attempt is created: %v", a.Header)
					}
					if after := l.Calls(); after["discovery"] != before["discovery"] {
						t.Error("the provider was asked")
					}
				})
			}
		}
	}
}

// refusesCookies: a browser that keeps none is told so, and is not sent round.
func (h *world) refusesCookies(t *testing.T) {
	for _, on := range []string{"rs", "auto"} {
		t.Run("a browser that refuses cookies/"+on, func(t *testing.T) {
			l := h.p.Clients[on]
			b := h.visitor(t, l)
			b.Jar = nil
			before := l.Calls()
			a := b.Visit("/wanted")
			if on == "rs" { // the button
				if !strings.Contains(a.Text, `&amp;step=go"`) {
					t.Fatalf("%d, page %q: %s", a.StatusCode, a.Page(), a.Text)
				}
				a = b.Visit("/.proconnect/login?return_to=/wanted&step=go")
			}
			for round := 0; a.StatusCode == http.StatusSeeOther; round++ {
				if round > 6 {
					t.Fatal("sent round in a loop")
				}
				a = b.Visit(a.RedirectURL(), "Sec-Fetch-Site", "cross-site")
			}
			if a.StatusCode != http.StatusUnauthorized || a.Page() != "problem cookies_refused" || !caddytest.NextStep.MatchString(a.Text) {
				t.Errorf("the way ends at %d, page %q", a.StatusCode, a.Page())
			}
			h.toldOnce(t, a)
			if after := l.Calls(); after["authorize"] != before["authorize"] || after["token"] != before["token"] {
				t.Error("they were sent to the provider first")
			}
		})
	}
}

// linkWithoutCookies: a link of the site's own has no page of ours in front of it. Whoever
// keeps no cookies is told at the end of the way, and is not sent round.
func (h *world) linkWithoutCookies(t *testing.T) {
	l := h.p.Clients["rs"]
	b := h.visitor(t, l)
	b.Jar = nil
	before := l.Calls()["token"]
	a := b.Visit("/.proconnect/login?return_to=/wanted")
	for round := 0; a.StatusCode == http.StatusSeeOther && round < 6; round++ {
		a = b.Visit(a.RedirectURL(), "Sec-Fetch-Site", "cross-site")
	}
	if a.StatusCode != http.StatusBadRequest || a.Page() != "problem other_browser" || !caddytest.NextStep.MatchString(a.Text) {
		t.Errorf("the way ends at %d, page %q", a.StatusCode, a.Page())
	}
	h.toldOnce(t, a)
	if l.Calls()["token"] != before {
		t.Error("a code was exchanged")
	}
}

// manyAttempts: a browser that begins login after login keeps nothing of them, and every
// one of them is good until one has brought a session.
func (h *world) manyAttempts(t *testing.T) {
	b := h.visitor(t, h.p.Clients["auto"])
	var oldest, newest string
	for i := range 20 {
		newest = h.atProvider(t, b, b.Visit("/.proconnect/login?return_to=/page/"+strconv.Itoa(i)))
		if i == 0 {
			oldest = newest
		}
		size := 0
		for _, c := range b.SiteCookies() {
			size += len(c.Name) + len(c.Value) + 3
		}
		if n := len(b.SiteCookies()); n > 2 || size > 200 {
			t.Fatalf("after %d logins begun: %d cookies of %d bytes", i+1, n, size)
		}
	}
	before := h.p.Clients["auto"].Calls()["token"]
	if a := h.comeBack(b, oldest); a.Header.Get("Location") != "/page/0" {
		t.Errorf("the oldest login ends at %d, page %q", a.StatusCode, a.Page())
	}
	if a := h.comeBack(b, newest); a.Header.Get("Location") != "/page/19" {
		t.Errorf("the newest login ends at %d, page %q", a.StatusCode, a.Page())
	}
	if made := h.p.Clients["auto"].Calls()["token"] - before; made != 1 {
		t.Errorf("%d token calls: the session that one brought is enough for the other", made)
	}
}

// siblingSite is a site beside docs, under the same domain and client.
const siblingSite = "https://blog.ville.localhost:{$TLS_PORT}"

// planted: a sibling domain can give the browser cookies for ours, but none whose
// name begins with __Host- (RFC 6265bis §4.1.3.2), which the browser sees to.
//
// The case: "an attempt cookie planted by a sibling domain (`blog.ville.fr` →
// `docs.ville.fr`), then the attacker's own callback URL".
func (h *world) planted(t *testing.T) {
	l := h.p.Clients["docs"]
	t.Run("cookies are __Host-", func(t *testing.T) {
		b := h.visitor(t, l)
		a := h.leave(t, b, "/wanted?a=b", "")
		h.hostCookies(t, a)
		a = h.comeBack(b, h.atProvider(t, b, a))
		h.hostCookies(t, a)
		h.entered(t, b, a)
	})
	// The secret of the attacker's browser, under every name that a sibling could plant
	// it by: the victim's own counts, and the attacker's login is another browser's.
	for name, prefix := range map[string]string{"without prefix": "", "as __Secure-": "__Secure-", "in other case": "__host-"} {
		t.Run("a browser's secret planted by a sibling domain, "+name, func(t *testing.T) {
			attacker, victim := h.visitor(t, l), h.visitor(t, l)
			forged := h.atProvider(t, attacker, h.leave(t, attacker, "/", ""))
			callback := h.atProvider(t, victim, h.leave(t, victim, "/wanted?a=b", ""))
			c := attacker.FindCookie("_browser")
			victim.SetCookie(&http.Cookie{Name: prefix + strings.TrimPrefix(c.Name, "__Host-"), Value: c.Value})
			h.ignored(t, victim, l, forged)
			h.entered(t, victim, h.comeBack(victim, callback))
		})
	}
	t.Run("an attempt of a sibling domain of the same client", func(t *testing.T) {
		sibling, victim := h.visitor(t, l), h.visitor(t, l)
		sibling.Base = h.Fill(siblingSite)
		forged := h.atProvider(t, sibling, h.leave(t, sibling, "/", ""))
		callback := h.atProvider(t, victim, h.leave(t, victim, "/wanted?a=b", ""))
		h.stopped(t, victim, l, strings.Replace(forged, "blog.ville", "docs.ville", 1))
		h.entered(t, victim, h.comeBack(victim, callback))
	})
	t.Run("a session cookie planted by a sibling domain", func(t *testing.T) {
		attacker := h.goodLogin(t, l).FindSession()
		for _, name := range []string{"proconnect-docs", "__Secure-proconnect-docs", "__host-proconnect-docs"} {
			victim := h.visitor(t, l)
			victim.SetCookie(&http.Cookie{Name: name, Value: attacker.Value})
			if a := victim.Visit("/wanted"); a.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s is worth %d", name, a.StatusCode)
			}
		}
	})
	t.Run("a cookie that is there twice", func(t *testing.T) {
		b := h.visitor(t, l)
		callback := h.atProvider(t, b, h.leave(t, b, "/wanted?a=b", ""))
		c := b.FindCookie("_browser")
		before := l.Calls()["token"]
		b.Jar = nil
		for _, pair := range []string{c.Name + "=evil; " + c.Name + "=" + c.Value, c.Name + "=" + c.Value + "; " + c.Name + "=evil"} {
			if a := b.Visit(callback, "Cookie", pair); a.Page() != "problem other_browser" || l.Calls()["token"] != before {
				t.Errorf("got %d, page %q", a.StatusCode, a.Page())
			}
		}
		if a := b.Visit(callback, "Cookie", c.Name+"="+c.Value); a.Header.Get("Location") != "/wanted?a=b" {
			t.Errorf("once, it is worth %d, page %q", a.StatusCode, a.Page())
		}
	})
}

// hostCookies checks what keeps others from planting and reading our cookies.
func (h *world) hostCookies(t *testing.T, a caddytest.Answer) {
	t.Helper()
	if len(a.Cookies()) == 0 {
		t.Error("there is no cookie")
	}
	for _, c := range a.Cookies() {
		prefix, path := "__Host-", "/"
		if strings.HasSuffix(c.Name, "_id_token") {
			prefix, path = "__Secure-", "/.proconnect/logout"
		}
		if !strings.HasPrefix(c.Name, prefix) || c.Path != path || c.Domain != "" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("the browser is given %s", c.Raw)
		}
	}
}

// otherHost: what a cookie says holds on the host that made it alone.
func (h *world) otherHost(t *testing.T) {
	other := h.goodLogin(t, h.p.Clients["docs"]).FindSession()
	b := h.visitor(t, h.p.Clients["docs"])
	b.Base = h.Fill(siblingSite)
	b.SetCookie(other)
	if a := b.Visit("/wanted"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("a session of docs is worth %d on blog", a.StatusCode)
	}
}
