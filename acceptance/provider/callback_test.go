package provider_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// malformedCallbacks are queries that no good provider sends: RFC 6749 §3.1,
// §4.1.2. Each keeps the state that is right, unless it is the state's turn.
//
// The case: "code missing, empty, over 4 kB; code and error together; any parameter
// twice".
func malformedCallbacks() map[string]func(url.Values) string {
	with := func(change func(url.Values)) func(url.Values) string {
		return func(q url.Values) string {
			change(q)
			return q.Encode()
		}
	}
	return map[string]func(url.Values) string{
		"code missing":               with(func(q url.Values) { q.Del("code") }),
		"code empty":                 with(func(q url.Values) { q.Set("code", "") }),
		"code over 4 kB":             with(func(q url.Values) { q.Set("code", strings.Repeat("c", 4097)) }),
		"code and error together":    with(func(q url.Values) { q.Set("error", "access_denied") }),
		"code twice":                 with(func(q url.Values) { q.Add("code", q.Get("code")) }),
		"state twice":                with(func(q url.Values) { q.Add("state", q.Get("state")) }),
		"iss twice":                  with(func(q url.Values) { q.Add("iss", q.Get("iss")) }),
		"an unknown parameter twice": with(func(q url.Values) { q["x"] = []string{"1", "2"} }),
		"state missing":              with(func(q url.Values) { q.Del("state") }),
		"state empty":                with(func(q url.Values) { q.Set("state", "") }),
		"state wrong":                with(func(q url.Values) { q.Set("state", strings.Repeat("s", 43)) }),
		"state wrong but at its beginning": with(func(q url.Values) {
			q.Set("state", q.Get("state")[:20]+strings.Repeat("s", 23))
		}),
		"state with something after it": with(func(q url.Values) { q.Set("state", q.Get("state")+"s") }),
		"a broken escape":               func(q url.Values) string { return q.Encode() + "&x=%zz" },
		"16 kB":                         func(q url.Values) string { return q.Encode() + "&x=" + strings.Repeat("x", 16<<10) },
		"nothing":                       func(url.Values) string { return "" },
	}
}

// malformed: whatever is wrong with a callback whose state has not matched, no
// token call is made, and the login that it speaks of still works.
func (h *world) malformed(t *testing.T) {
	l := h.p.Clients["rs"]
	for name, query := range malformedCallbacks() {
		t.Run(name, func(t *testing.T) {
			b := h.visitor(t, l)
			callback := h.atProvider(t, b, h.leave(t, b, "/wanted?a=b", ""))
			h.stopped(t, b, l, changedQuery(t, callback, query))
			h.entered(t, b, h.comeBack(b, callback))
			// Who is logged in already goes to the site.
			if a := h.comeBack(b, changedQuery(t, callback, query)); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/" {
				t.Errorf("with a session: %d, location %q", a.StatusCode, a.Header.Get("Location"))
			}
			if a := b.Visit("/wanted"); a.StatusCode != http.StatusOK {
				t.Errorf("the session is worth %d", a.StatusCode)
			}
		})
	}
}

func changedQuery(t *testing.T, callback string, change func(url.Values) string) string {
	t.Helper()
	u, err := url.Parse(callback)
	if err != nil {
		t.Fatal(err)
	}
	u.RawQuery = change(u.Query())
	return u.String()
}

// stopped checks that a callback is refused before any call, with a link to start
// again.
func (h *world) stopped(t *testing.T, b *caddytest.Browser, l *registeredClient, callback string) {
	t.Helper()
	before := l.Calls()
	a := h.comeBack(b, callback)
	for _, endpoint := range []string{"token", "userinfo", "jwks", "discovery", "elsewhere"} {
		if made := l.Calls()[endpoint] - before[endpoint]; made != 0 {
			t.Errorf("%s: %d calls", endpoint, made)
		}
	}
	h.refused(t, b, l, a, tableRow{status: http.StatusBadRequest, page: "problem attempt_unknown", log: "callback refused"})
	if !strings.Contains(a.Text, `href="/.proconnect/login?return_to=`) {
		t.Error("there is no link to start again")
	}
	if got := a.Header.Get("Referrer-Policy"); got != "no-referrer" {
		t.Errorf("the next page is told the code: Referrer-Policy %q", got)
	}
}

// otherBrowsers: a callback counts in the browser alone that began the login.
func (h *world) otherBrowsers(t *testing.T) {
	l := h.p.Clients["rs"]
	begun := func(t *testing.T) (*caddytest.Browser, string) {
		b := h.visitor(t, l)
		return b, h.atProvider(t, b, h.leave(t, b, "/wanted?a=b", ""))
	}
	t.Run("state of another browser, no cookie", func(t *testing.T) {
		owner, callback := begun(t)
		h.elsewhere(t, h.visitor(t, l), l, callback)
		h.entered(t, owner, h.comeBack(owner, callback))
	})
	// Login CSRF: the attacker logs in, and has the victim open the callback, to
	// see in the attacker's account what the victim then leaves there.
	t.Run("state of another browser, other cookie: forged callback for a live attempt", func(t *testing.T) {
		attacker, forged := begun(t)
		victim, callback := begun(t)
		h.ignored(t, victim, l, forged)
		h.entered(t, victim, h.comeBack(victim, callback))
		h.entered(t, attacker, h.comeBack(attacker, forged))
	})
	t.Run("a session, and a forged callback", func(t *testing.T) {
		_, forged := begun(t)
		victim := h.goodLogin(t, l)
		before, session := l.Calls()["token"], victim.FindSession().Value
		if a := h.comeBack(victim, forged); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/wanted?a=b" {
			t.Errorf("got %d, location %q", a.StatusCode, a.Header.Get("Location"))
		}
		if l.Calls()["token"] != before || victim.FindSession().Value != session {
			t.Error("the forged callback changed the session")
		}
	})
	// Code injection (RFC 9700 §4.5): a stolen code, in the attacker's own attempt.
	swap := func(from string) func(url.Values) string {
		u, _ := url.Parse(from)
		return func(q url.Values) string {
			q.Set("code", u.Query().Get("code"))
			return q.Encode()
		}
	}
	t.Run("code obtained in another browser, PKCE", func(t *testing.T) {
		_, stolen := begun(t)
		b, callback := begun(t)
		h.injected(t, b, l, changedQuery(t, callback, swap(stolen)), "code refused")
	})
	t.Run("code obtained in another browser, a provider without PKCE: nonce", func(t *testing.T) {
		_, stolen := begun(t)
		b, callback := begun(t)
		l.Behave(rawly("token", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(l.LoginOf(r.PostFormValue("code")).Tokens(misconduct{}).String()))
		}))
		t.Cleanup(func() { l.Behave(misconduct{}) })
		h.injected(t, b, l, changedQuery(t, callback, swap(stolen)), "nonce is wrong")
	})
}

func (h *world) injected(t *testing.T, b *caddytest.Browser, l *registeredClient, callback, log string) {
	t.Helper()
	before := l.Calls()
	a := h.comeBack(b, callback)
	if after := l.Calls(); after["token"] != before["token"]+1 || after["userinfo"] != before["userinfo"] {
		t.Errorf("token and userinfo calls: %d and %d", after["token"]-before["token"], after["userinfo"]-before["userinfo"])
	}
	h.refused(t, b, l, a, tableRow{log: log})
	h.consumed(t, b, l, callback)
}

// tabs: ProConnect may answer one tab with the state of another.
//
// The case: "two tabs, answers in either order".
func (h *world) tabs(t *testing.T) {
	l := h.p.Clients["rs"]
	for name, order := range map[string][]int{"in order": {0, 1}, "the other way round": {1, 0}} {
		t.Run("two tabs, answers "+name, func(t *testing.T) {
			b := h.visitor(t, l)
			targets := []string{"/one", "/two"}
			first, second := h.leave(t, b, targets[0], ""), h.leave(t, b, targets[1], "")
			callbacks := []string{h.atProvider(t, b, first), h.atProvider(t, b, second)}
			for _, i := range order {
				if a := h.comeBack(b, callbacks[i]); a.Header.Get("Location") != targets[i] {
					t.Errorf("tab %d ends at %d, page %q, location %q", i, a.StatusCode, a.Page(), a.Header.Get("Location"))
				}
			}
			if a := b.Visit("/wanted"); a.StatusCode != http.StatusOK {
				t.Errorf("the session is worth %d", a.StatusCode)
			}
		})
	}
	t.Run("same callback twice at once", func(t *testing.T) {
		b := h.visitor(t, l)
		callback := h.atProvider(t, b, h.leave(t, b, "/wanted?a=b", ""))
		twin := h.visitor(t, l)
		twin.SetCookie(b.FindCookie("_browser"))
		before := l.Calls()["token"]
		var together sync.WaitGroup
		for _, each := range []*caddytest.Browser{b, twin} {
			together.Go(func() { h.comeBack(each, callback) })
		}
		together.Wait()
		if made := l.Calls()["token"] - before; made != 1 {
			t.Errorf("%d token calls", made)
		}
		if (b.FindSession() == nil) == (twin.FindSession() == nil) {
			t.Error("not one of the two has a session")
		}
	})
	t.Run("same callback twice, one after the other", func(t *testing.T) {
		b := h.visitor(t, l)
		callback := h.atProvider(t, b, h.leave(t, b, "/wanted?a=b", ""))
		secret := b.FindCookie("_browser")
		h.entered(t, b, h.comeBack(b, callback))
		before := l.Calls()["token"]
		for _, kept := range []bool{false, true} { // with the new secret, and with the one of before
			if kept {
				b.SetCookie(secret)
			}
			if a := h.comeBack(b, callback); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/wanted?a=b" {
				t.Errorf("the second: %d, page %q", a.StatusCode, a.Page())
			}
		}
		if made := l.Calls()["token"] - before; made != 0 {
			t.Errorf("the second made %d token calls", made)
		}
	})
}
