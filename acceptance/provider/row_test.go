package provider_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// tableRow is a row of the table: one login that goes wrong at the provider.
type tableRow struct {
	name   string
	on     string // the client; default rs; "fresh" is one that knows nothing yet
	acr    string // the level asked for
	wrong  misconduct
	want   string // ok, C, T, U or D; see below
	status int    // default 502
	page   string // default "problem login_failed"
	log    string // what the operator's log says beside the page's reference
	jwks   int    // fetches of keys: none where they are held, and the signature is good or never looked at
}

// What becomes of a login: how often the token and userinfo endpoints are called.
//
//	ok  a session
//	C   refused at the callback
//	T   refused after the token answer
//	U   refused after userinfo
//	D   discovery refused: nobody is sent to the provider
var rowOutcomes = map[string]struct{ token, userinfo int }{
	"ok": {1, 1}, "C": {0, 0}, "T": {1, 0}, "U": {1, 1}, "D": {0, 0},
}

func (h *world) rows(t *testing.T, rows []tableRow) {
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) { h.row(t, row) })
	}
}

func (h *world) row(t *testing.T, row tableRow) {
	t.Helper()
	try := h.prepare(t, row)
	h.check(t, try, h.comeBack(try.b, try.next))
}

// rowTry is a row on its way: the provider has been visited, unless nobody
// may be sent there.
type rowTry struct {
	row    tableRow
	l      *registeredClient
	b      *caddytest.Browser
	before map[string]int

	next string // the address that decides
}

// prepare goes through a row up to the request that decides.
func (h *world) prepare(t *testing.T, row tableRow) rowTry {
	t.Helper()
	l := h.p.Clients["rs"]
	switch row.on {
	case "":
	case "fresh":
		l = h.unused(t)
	default:
		l = h.p.Clients[row.on]
	}
	l.Behave(row.wrong)
	t.Cleanup(func() { l.Behave(misconduct{}) })
	try := rowTry{row: row, l: l, b: h.visitor(t, l), before: l.Calls(), next: "/.proconnect/login"}
	if row.want != "D" {
		try.next = h.atProvider(t, try.b, h.leave(t, try.b, "/wanted?a=b", row.acr))
	}
	return try
}

// check looks at what became of a row.
func (h *world) check(t *testing.T, try rowTry, a caddytest.Answer) {
	t.Helper()
	if try.row.want == "D" {
		h.notSentAway(t, try, a)
		return
	}
	h.count(t, try)
	if try.row.want == "ok" {
		h.entered(t, try.b, a)
		return
	}
	h.refused(t, try.b, try.l, a, try.row)
	h.consumed(t, try.b, try.l, try.next)
}

// leave starts a login, and returns the redirect to the provider.
func (h *world) leave(t *testing.T, b *caddytest.Browser, target, acr string) caddytest.Answer {
	t.Helper()
	a := b.Visit("/.proconnect/login?return_to=" + url.QueryEscape(target) + "&acr_values=" + url.QueryEscape(acr))
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("the login starts with %d, page %q", a.StatusCode, a.Page())
	}
	return a
}

// atProvider follows the redirect to the provider, which logs the person in, and
// returns the callback's address.
func (h *world) atProvider(t *testing.T, b *caddytest.Browser, a caddytest.Answer) string {
	t.Helper()
	a = b.Visit(a.RedirectURL(), "Sec-Fetch-Site", "cross-site")
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("the provider answers %d", a.StatusCode)
	}
	return a.RedirectURL()
}

// comeBack is the browser's way home from the provider.
func (h *world) comeBack(b *caddytest.Browser, callback string) caddytest.Answer {
	b.T.Helper()
	return b.Visit(callback, "Sec-Fetch-Site", "cross-site")
}

// count compares the calls that a login made with those that it may make.
func (h *world) count(t *testing.T, try rowTry) {
	t.Helper()
	want, before, got := rowOutcomes[try.row.want], try.before, try.l.Calls()
	exactly := map[string]int{
		"discovery": 1 - min(1, before["discovery"]), // once, ever
		"authorize": 1, "token": want.token, "jwks": try.row.jwks, "userinfo": want.userinfo, "end": 0, "elsewhere": 0,
	}
	for endpoint, n := range exactly {
		made := got[endpoint] - before[endpoint]
		if endpoint == "discovery" && try.row.page == "problem provider_unavailable" && made == n+1 {
			continue // a server that does not answer is asked whether it is there, beside the request
		}
		if made != n {
			t.Errorf("%s: %d calls, want %d", endpoint, made, n)
		}
	}
	if g := try.l.Login(); g.Exchanged > 1 {
		t.Errorf("the code was sent %d times", g.Exchanged)
	}
}

// entered checks a login that is good.
func (h *world) entered(t *testing.T, b *caddytest.Browser, a caddytest.Answer) {
	t.Helper()
	if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/wanted?a=b" {
		t.Fatalf("a good login ends at %d, page %q, location %q", a.StatusCode, a.Page(), a.Header.Get("Location"))
	}
	a = b.Visit("/wanted")
	if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "PROTECTED id="+subject) {
		t.Errorf("the session is worth %d: %s", a.StatusCode, a.Text)
	}
}

var pageReference = regexp.MustCompile(`<code data-reference="([A-Z0-9]{10})">`)

// refused checks a login that must not be good: no session, a page with a next
// step and nothing secret in it, and the operator's log.
func (h *world) refused(t *testing.T, b *caddytest.Browser, l *registeredClient, a caddytest.Answer, row tableRow) {
	t.Helper()
	if row.status == 0 {
		row.status = http.StatusBadGateway
	}
	if row.page == "" {
		row.page = "problem login_failed"
	}
	if a.StatusCode != row.status || a.Page() != row.page {
		t.Errorf("got %d, page %q, want %d, page %q", a.StatusCode, a.Page(), row.status, row.page)
	}
	if !caddytest.NextStep.MatchString(a.Text) {
		t.Errorf("the page has no next step: %s", a.Text)
	}
	if retry := a.Header.Get("Retry-After"); (retry != "") != (a.StatusCode == http.StatusServiceUnavailable) {
		t.Errorf("%d with Retry-After %q", a.StatusCode, retry)
	}
	if g := l.Login(); g != nil {
		notIn(t, g, a)
	}
	h.stranger(t, b, l)
	if row.page == "login" {
		return // what is no fault has no reference
	}
	m := pageReference.FindStringSubmatch(a.Text)
	if m == nil {
		t.Fatalf("the page has no reference: %s", a.Text)
	}
	if line := h.logged(m[1]); line == "" || !strings.Contains(line, row.log) {
		t.Errorf("the log says %q, want %q", line, row.log)
	}
	h.toldOnce(t, a)
}

// toldOnce checks that the login which ended on a page is an event, and one alone.
func (h *world) toldOnce(t *testing.T, a caddytest.Answer) {
	t.Helper()
	told := 0
	for line := range strings.Lines(h.logged(`"event":"login_failed"`)) {
		if strings.Contains(line, `"reference":"`+a.Reference()+`"`) {
			told++
		}
	}
	if a.Reference() == "" || told != 1 {
		t.Errorf("page %q with the reference %q is told by %d events", a.Page(), a.Reference(), told)
	}
}

// notIn fails if an answer tells a secret of the login.
func notIn(t *testing.T, g *providerLogin, a caddytest.Answer) {
	t.Helper()
	var head strings.Builder
	_ = a.Header.Write(&head)
	for what, secret := range map[string]string{
		"code": g.Code, "access token": g.Access, "refresh token": g.Refresh, "id token": g.IDToken,
		"state": g.Request.Get("state"), "nonce": g.Request.Get("nonce"), "client secret": clientSecret,
	} {
		if secret != "" && (strings.Contains(a.Text, secret) || strings.Contains(head.String(), secret)) {
			t.Errorf("the answer tells the %s", what)
		}
	}
}

// stranger checks that a browser has no session.
func (h *world) stranger(t *testing.T, b *caddytest.Browser, l *registeredClient) {
	t.Helper()
	for _, c := range b.SiteCookies() {
		if !strings.HasSuffix(c.Name, "_browser") && !strings.HasSuffix(c.Name, "_busy") {
			t.Errorf("a refused login leaves the cookie %s", c.Name)
		}
	}
	mode := "navigate"
	if l.Options != "" {
		mode = "cors" // where a navigation goes straight to the provider
	}
	if a := b.Visit("/wanted", "Sec-Fetch-Mode", mode); a.StatusCode != http.StatusUnauthorized || strings.Contains(a.Text, "PROTECTED") {
		t.Errorf("after a refused login, the site answers %d: %s", a.StatusCode, a.Text)
	}
}

// consumed checks that an attempt is over, though the browser still has its secret.
func (h *world) consumed(t *testing.T, b *caddytest.Browser, l *registeredClient, callback string) {
	t.Helper()
	before := l.Calls()
	if a := h.comeBack(b, callback); a.Page() != "problem attempt_unknown" {
		t.Errorf("the same callback again: %d, page %q", a.StatusCode, a.Page())
	}
	if after := l.Calls(); after["token"] != before["token"] {
		t.Error("the same callback again makes a token call")
	}
}

// notSentAway checks that nobody is sent to a provider whose discovery is wrong.
func (h *world) notSentAway(t *testing.T, try rowTry, a caddytest.Answer) {
	t.Helper()
	if len(a.Cookies()) > 0 || a.Header.Get("Location") != "" {
		t.Errorf("an attempt is begun: %d, %v", a.StatusCode, a.Header)
	}
	h.refused(t, try.b, try.l, a, try.row)
	for endpoint, want := range map[string]int{"discovery": 1, "authorize": 0, "token": 0, "jwks": 0, "userinfo": 0, "end": 0, "elsewhere": 0} {
		if got := try.l.Calls()[endpoint]; got != want {
			t.Errorf("%s: %d calls, want %d", endpoint, got, want)
		}
	}
}
