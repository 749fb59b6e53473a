package provider_test

import (
	"encoding/binary"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

// Where the parts of an envelope stand: internal/session/envelope.go.
const (
	roundAt   = 2
	startedAt = 19
)

// restated changes the envelope in an address's state, and seals it with the right key.
func (h *world) restated(t *testing.T, l *registeredClient, address string, change func(plain []byte)) string {
	t.Helper()
	key, err := hex.DecodeString(h.session)
	if err != nil {
		t.Fatal(err)
	}
	box := seal.NewKeyring(key).Box("attempt", "1", l.Issuer, clientID)
	return changedQuery(t, address, func(q url.Values) string {
		plain, err := box.Open(t.Context(), q.Get("state"), "")
		if err != nil {
			t.Fatal(err)
		}
		changed := []byte(plain)
		change(changed)
		sealed, err := box.Seal(t.Context(), changed, "")
		if err != nil {
			t.Fatal(err)
		}
		q.Set("state", sealed)
		return q.Encode()
	})
}

func ago(age time.Duration) func([]byte) {
	return func(plain []byte) {
		binary.BigEndian.PutUint64(plain[startedAt:], uint64(time.Now().Add(-age).Unix()))
	}
}

func inRound(n byte) func([]byte) { return func(plain []byte) { plain[roundAt] = n } }

// elsewhere checks a callback in a browser that has no secret: a page, from which nobody
// goes on without a click.
func (h *world) elsewhere(t *testing.T, b *caddytest.Browser, l *registeredClient, callback string) {
	t.Helper()
	before := l.Calls()
	a := h.comeBack(b, callback)
	h.refused(t, b, l, a, tableRow{status: http.StatusBadRequest, page: "problem other_browser", log: "callback refused"})
	if !strings.Contains(a.Text, `href="/.proconnect/login?return_to=%2Fwanted%3Fa%3Db`) || a.Header.Get("Refresh") != "" {
		t.Errorf("it does not lead on by a click: %s", a.Text)
	}
	h.untouched(t, l, before)
}

// ignored checks a callback of another browser's attempt in one that has a login under
// way: it waits for that.
func (h *world) ignored(t *testing.T, b *caddytest.Browser, l *registeredClient, callback string) {
	t.Helper()
	before := l.Calls()
	if a := h.comeBack(b, callback); a.StatusCode != http.StatusUnauthorized || a.Page() != "waiting" || b.FindSession() != nil {
		t.Errorf("got %d to %q, page %q", a.StatusCode, a.Header.Get("Location"), a.Page())
	}
	h.untouched(t, l, before)
}

// untouched checks that the provider was asked for nothing.
func (h *world) untouched(t *testing.T, l *registeredClient, before map[string]int) {
	t.Helper()
	for _, endpoint := range []string{"token", "userinfo", "elsewhere"} {
		if made := l.Calls()[endpoint] - before[endpoint]; made != 0 {
			t.Errorf("%s: %d calls", endpoint, made)
		}
	}
}

// anew checks an answer that begins the login again by itself, without a word of the
// envelope but where it leads, and never silently.
func (h *world) anew(t *testing.T, b *caddytest.Browser, l *registeredClient, callback, acr string) string {
	t.Helper()
	before := l.Calls()
	a := h.comeBack(b, callback)
	location, err := url.Parse(a.RedirectURL())
	if err != nil || a.StatusCode != http.StatusSeeOther {
		t.Fatalf("got %d to %q, page %q", a.StatusCode, a.Header.Get("Location"), a.Page())
	}
	q := location.Query()
	old, _ := url.Parse(callback)
	if q.Get("state") == old.Query().Get("state") || q.Has("prompt") || strings.Contains(q.Get("claims"), "eidas2") != (acr == "eidas2") {
		t.Errorf("it asks %v", q)
	}
	h.untouched(t, l, before)
	return h.atProvider(t, b, a)
}

// rested is a browser that has a secret, and no login under way.
func (h *world) rested(t *testing.T, l *registeredClient) *caddytest.Browser {
	t.Helper()
	b := h.visitor(t, l)
	if a := b.Visit("/wanted"); a.Page() != "login" || b.FindCookie("_browser") == nil {
		t.Fatalf("got %d, page %q", a.StatusCode, a.Page())
	}
	return b
}

// landed ends what counts as the browser's pass under way: one comes back with an error.
func (h *world) landed(t *testing.T, b *caddytest.Browser) {
	t.Helper()
	a := h.comeBack(b, changedQuery(t, h.atProvider(t, b, h.leave(t, b, "/", "")), refusing))
	if a.Page() != "problem provider_refused" || b.FindCookie("_busy") != nil {
		t.Fatalf("got %d, page %q", a.StatusCode, a.Page())
	}
}

// refusing makes an answer a refusal.
func refusing(q url.Values) string {
	q.Del("code")
	q.Set("error", "access_denied")
	return q.Encode()
}

// states is the table of answers to a callback, row by row: what its state is, and
// whether the browser has a session.
//
// The case: "a callback whose state is authentic: expired; of another browser; with a
// session of somebody else; used".
func (h *world) states(t *testing.T) {
	t.Run("a state that is not ours", h.statesNotOurs)
	t.Run("a state that is too old", h.statesTooOld)
	t.Run("a state of another secret", h.statesOfOthers)
	t.Run("a state without a secret", h.statesWithoutSecret)
	t.Run("a state with a target of elsewhere", h.statesOfTargets)
	t.Run("a state that was used", h.statesUsed)
}

// statesNotOurs: nothing is consumed, and nothing of them shown.
func (h *world) statesNotOurs(t *testing.T) {
	l := h.p.Clients["rs"]
	with := func(name, value string) func(*testing.T, string) string {
		return func(t *testing.T, c string) string {
			return changedQuery(t, c, func(q url.Values) string { q.Set(name, value); return q.Encode() })
		}
	}
	other := h.visitor(t, h.p.Clients["es"])
	away, err := url.Parse(h.leave(t, other, "/wanted?a=b", "").RedirectURL())
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*testing.T, string) string{
		"twice":              func(_ *testing.T, c string) string { return c + "&state=x" },
		"does not open":      with("state", strings.Repeat("s", 210)),
		"of another client":  with("state", away.Query().Get("state")),
		"from the future":    func(t *testing.T, c string) string { return h.restated(t, l, c, ago(-6*time.Minute)) },
		"beside a wrong iss": with("iss", "https://evil.example"),
		"of a later version": func(t *testing.T, c string) string { return h.restated(t, l, c, func(p []byte) { p[0]++ }) },
		"an error, wrong iss": func(t *testing.T, c string) string {
			return changedQuery(t, with("iss", "https://evil.example")(t, c), refusing)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := h.visitor(t, l)
			callback := h.atProvider(t, b, h.leave(t, b, "/wanted?a=b", ""))
			h.stopped(t, b, l, change(t, callback))
			h.entered(t, b, h.comeBack(b, callback))
			if a := h.comeBack(b, change(t, callback)); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/" {
				t.Errorf("with a session: %d to %q, page %q", a.StatusCode, a.Header.Get("Location"), a.Page())
			}
		})
	}
}

// statesTooOld: an hour at ProConnect. In the browser that began it, it begins anew.
func (h *world) statesTooOld(t *testing.T) {
	l := h.p.Clients["rs"]
	for name, tt := range map[string]struct {
		age   time.Duration
		round byte
		mine  bool
		anew  bool
	}{
		"in the first round": {61 * time.Minute, 0, true, true}, "in the second": {61 * time.Minute, 1, true, true},
		"in the last": {61 * time.Minute, 2, true, false}, "of another browser": {61 * time.Minute, 0, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			owner := h.visitor(t, l)
			callback := h.atProvider(t, owner, h.leave(t, owner, "/wanted?a=b", "eidas2"))
			callback = h.restated(t, l, callback, func(plain []byte) { ago(tt.age)(plain); inRound(tt.round)(plain) })
			b := owner
			if !tt.mine {
				b = h.rested(t, l)
			} else {
				h.landed(t, b)
			}
			if tt.anew {
				h.anew(t, b, l, callback, "eidas2")
				return
			}
			h.stopped(t, b, l, callback)
			b = h.goodLogin(t, l)
			if a := h.comeBack(b, callback); a.Header.Get("Location") != "/wanted?a=b" {
				t.Errorf("with a session: %d to %q, page %q", a.StatusCode, a.Header.Get("Location"), a.Page())
			}
		})
	}
	t.Run("59 minutes are not too much", func(t *testing.T) {
		b := h.visitor(t, l)
		h.entered(t, b, h.comeBack(b, h.restated(t, l, h.atProvider(t, b, h.leave(t, b, "/wanted?a=b", "")), ago(59*time.Minute))))
	})
}

// statesOfTargets: what was sealed as a target is looked at again when it is used. A node
// of another configuration, whose endpoints are elsewhere, may have sealed it.
func (h *world) statesOfTargets(t *testing.T) {
	l := h.p.Clients["rs"]
	for _, target := range []string{"//evil.test", `/\evil.test`} {
		change := func(plain []byte) { copy(plain[len(plain)-len("/wanted?a=b"):], target) }
		t.Run(target, func(t *testing.T) {
			b := h.visitor(t, l)
			callback := h.restated(t, l, h.atProvider(t, b, h.leave(t, b, "/wanted?a=b", "")), change)
			if a := h.comeBack(b, callback); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/" {
				t.Errorf("the login leads to %d, %q", a.StatusCode, a.Header.Get("Location"))
			}
			if a := h.comeBack(b, callback); a.Header.Get("Location") != "/" {
				t.Errorf("the second time: %d, %q", a.StatusCode, a.Header.Get("Location"))
			}
			stranger := h.visitor(t, l)
			if a := h.comeBack(stranger, callback); strings.Contains(a.Text, "evil") {
				t.Errorf("a page says %s", a.Text)
			}
		})
	}
}

// statesOfOthers: code and error are ignored, and a plain login begins instead, twice.
func (h *world) statesOfOthers(t *testing.T) {
	l := h.p.Clients["rs"]
	for what, change := range map[string]func(url.Values) string{"code": url.Values.Encode, "error": refusing, "login_required": func(q url.Values) string {
		refusing(q)
		q.Set("error", "login_required")
		return q.Encode()
	}} {
		t.Run(what, func(t *testing.T) {
			owner := h.visitor(t, l)
			callback := changedQuery(t, h.atProvider(t, owner, h.leave(t, owner, "/wanted?a=b", "eidas2")), change)
			for round := range byte(2) {
				h.anew(t, h.rested(t, l), l, h.restated(t, l, callback, inRound(round)), "eidas2")
			}
			h.elsewhere(t, h.rested(t, l), l, h.restated(t, l, callback, inRound(2)))
			b := h.goodLogin(t, l)
			session := b.FindSession().Value
			if a := h.comeBack(b, callback); a.Header.Get("Location") != "/wanted?a=b" || b.FindSession() == nil || b.FindSession().Value != session {
				t.Errorf("with a session: %d to %q, page %q", a.StatusCode, a.Header.Get("Location"), a.Page())
			}
		})
	}
	t.Run("the rounds end", func(t *testing.T) { // a browser whose secret is another's each time
		callback := ""
		for round := range 3 {
			b := h.rested(t, l)
			if round == 0 {
				callback = h.atProvider(t, b, h.leave(t, b, "/wanted?a=b", ""))
				continue
			}
			callback = h.anew(t, b, l, callback, "")
		}
		h.elsewhere(t, h.rested(t, l), l, callback)
	})
	// Another answer replaced the secret while the tab was away, as happens when a browser
	// restores many at once: it is the one under way that came back, and begins anew.
	t.Run("the one under way", func(t *testing.T) {
		b := h.visitor(t, l)
		callback := h.atProvider(t, b, h.leave(t, b, "/wanted?a=b", ""))
		b.SetCookie(&http.Cookie{Name: b.FindCookie("_browser").Name, Value: strings.Repeat("B", 42) + "A"})
		h.entered(t, b, h.comeBack(b, h.anew(t, b, l, callback, "")))
	})
	t.Run("not by itself where nobody looks", func(t *testing.T) {
		owner := h.visitor(t, l)
		callback := h.atProvider(t, owner, h.leave(t, owner, "/wanted?a=b", ""))
		for _, headers := range [][]string{{"Sec-Fetch-Dest", "iframe"}, {"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}} {
			if a := h.rested(t, l).Visit(callback, headers...); a.StatusCode != http.StatusBadRequest || len(a.Cookies()) > 0 || a.Header.Get("Location") != "" {
				t.Errorf("%v: %d to %q, cookies %v", headers, a.StatusCode, a.Header.Get("Location"), a.Cookies())
			}
		}
	})
}

// statesWithoutSecret: another browser, or one that refuses cookies; never by itself.
func (h *world) statesWithoutSecret(t *testing.T) {
	l := h.p.Clients["rs"]
	owner := h.visitor(t, l)
	callback := h.atProvider(t, owner, h.leave(t, owner, "/wanted?a=b", ""))
	secret := owner.FindCookie("_browser")
	for name, cookies := range map[string]string{
		"absent": "a=b", "twice": secret.Name + "=" + secret.Value + "; " + secret.Name + "=" + secret.Value, "malformed": secret.Name + "=" + secret.Value + "A",
		"cut": secret.Name + "=" + secret.Value[:42], "under the name of another port": "proconnect-rs_1_browser=" + secret.Value,
	} {
		t.Run(name, func(t *testing.T) {
			b := h.visitor(t, l)
			b.Jar = nil
			before := l.Calls()
			if a := b.Visit(callback, "Cookie", cookies); a.StatusCode != http.StatusBadRequest || a.Page() != "problem other_browser" || a.Header.Get("Refresh") != "" {
				t.Errorf("got %d to %q, page %q", a.StatusCode, a.Header.Get("Location"), a.Page())
			}
			h.untouched(t, l, before)
		})
	}
	t.Run("with a session", func(t *testing.T) {
		b := h.goodLogin(t, l)
		b.Jar.SetCookies(b.Home(), []*http.Cookie{{Name: b.FindCookie("_browser").Name, MaxAge: -1, Path: "/"}})
		if a := h.comeBack(b, callback); a.Header.Get("Location") != "/wanted?a=b" {
			t.Errorf("got %d to %q, page %q", a.StatusCode, a.Header.Get("Location"), a.Page())
		}
	})
	h.entered(t, owner, h.comeBack(owner, callback))
}

// statesUsed: no second call, here by the id, elsewhere by the secret that was replaced.
func (h *world) statesUsed(t *testing.T) {
	l := h.p.Clients["rs"]
	b := h.visitor(t, l)
	callback := h.atProvider(t, b, h.leave(t, b, "/wanted?a=b", ""))
	old := b.FindCookie("_browser")
	h.entered(t, b, h.comeBack(b, callback))
	if b.FindCookie("_browser").Value == old.Value {
		t.Error("the session has not replaced the browser's secret")
	}
	replaced, before := b.FindCookie("_browser"), l.Calls()
	for name, tt := range map[string]struct {
		cookies, page string
		status        int
	}{
		"the secret of before":             {old.Name + "=" + old.Value, "problem attempt_unknown", http.StatusBadRequest},
		"no secret":                        {"a=b", "problem other_browser", http.StatusBadRequest},
		"the new secret, without the rest": {replaced.Name + "=" + replaced.Value, "", http.StatusSeeOther},
	} {
		t.Run(name, func(t *testing.T) {
			again := h.visitor(t, l)
			again.Jar = nil
			if a := again.Visit(callback, "Cookie", tt.cookies); a.StatusCode != tt.status || a.Page() != tt.page {
				t.Errorf("got %d to %q, page %q", a.StatusCode, a.Header.Get("Location"), a.Page())
			}
		})
	}
	h.reload() // another node, as it were: it remembers no id
	if a := h.comeBack(b, callback); a.Header.Get("Location") != "/wanted?a=b" {
		t.Errorf("on another node: %d to %q, page %q", a.StatusCode, a.Header.Get("Location"), a.Page())
	}
	h.untouched(t, l, before)
}
