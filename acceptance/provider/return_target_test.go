package provider_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// returnTargets are return targets as an attacker writes them into a link, and
// where the login must lead instead.
var returnTargets = map[string]string{
	"//evil":                                "/",
	"///evil":                               "/",
	`/\evil`:                                "/",
	`\\evil`:                                "/",
	"/%09/evil":                             "/",
	"/\t/evil":                              "/",
	`/./\evil`:                              "/",
	"/%5cevil":                              "/",
	"/%2f/evil":                             "/",
	"/%2Fevil":                              "/",
	"https:evil":                            "/",
	"https://evil.example/":                 "/",
	"https:///evil.example":                 "/",
	"javascript:alert(1)":                   "/",
	"%0d%0aSet-Cookie: evil=1":              "/",
	"/x%0d%0aSet-Cookie: evil=1":            "/",
	"/x\r\nSet-Cookie: evil=1":              "/",
	"/x%00":                                 "/",
	"/x%zz":                                 "/",
	"":                                      "/",
	"evil":                                  "/",
	"?x":                                    "/",
	"#x":                                    "/",
	"@evil.example":                         "/",
	".evil.example":                         "/",
	"/.proconnect":                          "/",
	"/.proconnect/logout":                   "/",
	"/.proconnect/callback?code=1":          "/",
	"/%2eproconnect/logout":                 "/",
	"/.proconnect%2flogout":                 "/",
	"/./.proconnect/logout":                 "/",
	"/x/../.proconnect/logout":              "/",
	"/x/%2e%2e/.proconnect/logout":          "/",
	"/.proconnect/login?return_to=/x":       "/",
	"/../.proconnect/login":                 "/",
	"/x/../.proconnect//../logout":          "/",
	"/x%2f..%2f.proconnect/logout":          "/",
	"/wanted#//evil":                        "/wanted#//evil",
	"/wanted#a\r\nSet-Cookie: evil=1":       "/wanted#a%0D%0ASet-Cookie:%20evil=1",
	"/wanted?a#" + strings.Repeat("x", 600): "/wanted?a",
	"/wanted?next=//evil.example/":          "/wanted?next=//evil.example/",
	"/w%C3%A9/%e6%97%a5?q=%22":              "/w%C3%A9/%e6%97%a5?q=%22",
	"/wanted?" + strings.Repeat("x", 4096):  "/wanted",
	"/" + strings.Repeat("x", 4096):         "/",
}

// targets: after a login, the browser goes to a path of this site, and to none of
// our endpoints.
//
// The case: "return target `//evil`, `/\evil`, `/%09/evil`, `/./\evil`, `https:evil`,
// `%0d%0a`, absolute URL, our own endpoints; return target of 4 kB".
func (h *world) targets(t *testing.T) {
	for target, want := range returnTargets {
		t.Run("return target "+target[:min(len(target), 40)], func(t *testing.T) {
			b := h.visitor(t, h.p.Clients["rs"])
			a := b.Visit("/.proconnect/login?return_to=" + url.QueryEscape(target))
			h.ledTo(t, b, h.comeBack(b, h.atProvider(t, b, a)), want)
		})
	}
	// The same by a link to the site itself, where the gate notes where to.
	for target, want := range map[string]string{
		"//evil.example/x": "/", `/\evil.example`: "/", "/%5cevil": "/", "/a?b=//c": "/a?b=//c", "/a/../b": "/",
		"/wanted?" + strings.Repeat("x", 4096): "/wanted",
	} {
		t.Run("gated target "+target[:min(len(target), 40)], func(t *testing.T) {
			b := h.visitor(t, h.p.Clients["auto"])
			a := b.Visit(b.Base + target)
			if c := b.FindCookie("_browser"); c == nil || len(c.Name)+len(c.Value) > 4096-100 {
				t.Fatalf("no attempt, or one that a browser would drop: %d", a.StatusCode)
			}
			h.ledTo(t, b, h.comeBack(b, h.atProvider(t, b, a)), want)
		})
	}
}

// ledTo checks where a login leads, as a browser would understand it.
func (h *world) ledTo(t *testing.T, b *caddytest.Browser, a caddytest.Answer, want string) {
	t.Helper()
	if got := a.Header.Get("Location"); a.StatusCode != http.StatusSeeOther || got != want {
		t.Errorf("the login leads to %q (%d), want %q", got, a.StatusCode, want)
	}
	u, err := a.Location()
	if err != nil {
		t.Fatal(err)
	}
	if u.Scheme+"://"+u.Host != b.Base {
		t.Errorf("the login leads to another site: %s", u)
	}
	if p := path.Clean(u.Path); p == "/.proconnect" || strings.HasPrefix(p, "/.proconnect/") {
		t.Errorf("the login leads to an endpoint of ours: %s", u)
	}
	if c := b.FindSession(); c == nil {
		t.Error("there is no session")
	}
}

// afterwards is what the browser holds, and tells others, after the callback.
func (h *world) afterwards(t *testing.T) {
	l := h.p.Clients["rs"]
	b := h.visitor(t, l)
	planted := h.goodLogin(t, l).FindSession()
	b.SetCookie(&http.Cookie{Name: planted.Name, Value: planted.Value + "x"})
	a := h.comeBack(b, h.atProvider(t, b, h.leave(t, b, "/wanted?a=b", "")))
	for name, want := range map[string]string{"Location": "/wanted?a=b", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if a.StatusCode != http.StatusSeeOther || a.Text != "" {
		t.Errorf("got %d: %s", a.StatusCode, a.Text)
	}
	notIn(t, l.Login(), a)
	if got := b.FindSession(); got == nil || got.Value == planted.Value || strings.HasPrefix(got.Value, planted.Value) {
		t.Error("the session has no new id")
	}
	// Another login makes another session, whatever cookie was there.
	first := b.FindSession().Value
	l.Behave(misconduct{ID: tokenChanges{Claims: wrongClaim("sub", "somebody-else")}, Userinfo: tokenChanges{Claims: wrongClaim("sub", "somebody-else")}})
	t.Cleanup(func() { l.Behave(misconduct{}) })
	h.comeBack(b, h.atProvider(t, b, h.leave(t, b, "/", "")))
	if b.FindSession().Value == first {
		t.Error("another person's login keeps the session's cookie")
	}
	if a := b.Visit("/wanted"); !strings.Contains(a.Text, "PROTECTED id=somebody-else ") {
		t.Errorf("the site sees %s", a.Text)
	}
}
