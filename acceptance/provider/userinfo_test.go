package provider_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

func infoClaim(name string, value any) misconduct {
	return misconduct{Userinfo: tokenChanges{Claims: wrongClaim(name, value)}}
}

func infoToken(change func(string, *providerLogin) string) misconduct {
	return misconduct{Userinfo: tokenChanges{Whole: change}}
}

// userinfoRows is section 5: OpenID Connect Core §5.3.2.
//
// The case: "the ID token itself, or any JWT with `nonce` or `at_hash`, sent as userinfo".
func userinfoRows() []tableRow {
	k := signingKeys()
	duplicated := misconduct{Userinfo: tokenChanges{Payload: func(p string) string { return p[:len(p)-1] + `,"sub":"somebody-else"}` }}}
	rows := []tableRow{
		{name: "sub differs", wrong: infoClaim("sub", "somebody-else"), log: "userinfo is about another sub"},
		{name: "sub differs in case", wrong: infoClaim("sub", strings.ToUpper(subject)), log: "userinfo is about another sub"},
		{name: "sub missing", wrong: infoClaim("sub", nil), log: "userinfo is about another sub"},
		{name: "sub duplicated", wrong: duplicated, log: "strict JSON"},
		{name: "sub differs, plain", on: "plain", wrong: infoClaim("sub", "somebody-else"), log: "userinfo is about another sub"},
		{name: "sub missing, plain", on: "plain", wrong: infoClaim("sub", nil), log: "userinfo is about another sub"},
		{name: "sub duplicated, plain", on: "plain", wrong: replying("userinfo", func(r *pendingReply) {
			r.Body = strings.Replace(r.Body, "{", `{"sub":"somebody-else",`, 1)
		}), log: "strict JSON"},
		{name: "JWT with wrong iss", wrong: infoClaim("iss", "https://evil.example"), log: "iss is wrong"},
		{name: "JWT with missing iss", wrong: infoClaim("iss", nil), log: "iss is wrong"},
		{name: "JWT with wrong aud", wrong: infoClaim("aud", "other"), log: "aud is wrong"},
		{name: "JWT with missing aud", wrong: infoClaim("aud", nil), log: "aud is wrong"},
		{name: "JWT expired", wrong: infoClaim("exp", in(-6*time.Minute)), log: "exp is"},
		{name: "JWT bad signature", on: "fresh", jwks: 2, wrong: infoToken(text(flipped)), log: "signature not verified"},
		{name: "JWT bad signature, HS256", on: "hs", wrong: infoToken(text(flipped)), log: "signature not verified"},
		{name: "JWT signed with another's key", on: "fresh", jwks: 2, wrong: infoToken(resigned(jsonObject{"alg": "RS256", "kid": "rsa"}, k.Other)), log: "signature not verified"},
		{name: "JWT none", wrong: infoToken(unsigned(jsonObject{"alg": "none"}, "")), log: "not a compact JWT"},
		{name: "JWT none, with a signature", wrong: infoToken(unsigned(jsonObject{"alg": "none"}, "AA")), log: "userinfo is not signed"},
		misconfiguredUserinfo("JWT another algorithm", "rs", infoToken(resigned(jsonObject{"alg": "ES256", "kid": "ec"}, k.EC))),
		misconfiguredUserinfo("JWT HS256 of the client secret", "rs", infoToken(resigned(jsonObject{"alg": "HS256"}, []byte(clientSecret)))),
		misconfiguredUserinfo("plain JSON when a signed answer is configured", "rs", replying("userinfo", func(r *pendingReply) {
			r.Media, r.Body = "application/json", jsonObject{"sub": subject}.String()
		})),
		misconfiguredUserinfo("signed when plain JSON is configured", "plain", withMedia("userinfo", "application/jwt")),
		{name: "JWT encrypted", status: 500, page: "problem misconfigured", wrong: infoToken(text(func(s string) string { return s + ".AA.AA" })), log: "encrypted"},
		{name: "the ID token itself", wrong: infoToken(func(_ string, g *providerLogin) string { return g.IDToken }), log: "userinfo is an ID token"},
		{name: "JWT with a nonce", wrong: infoClaim("nonce", "n"), log: "userinfo is an ID token"},
		{name: "JWT with at_hash", wrong: infoClaim("at_hash", "h"), log: "userinfo is an ID token"},
		{name: "an at_hash, plain", on: "plain", wrong: infoClaim("at_hash", "h"), log: "userinfo is an ID token"},
		{name: "JWT without exp", wrong: infoClaim("exp", nil), want: "ok"},
		{name: "application/jwt with charset", wrong: withMedia("userinfo", "application/jwt; charset=utf-8"), want: "ok"},
		{name: "application/jwt in capitals", wrong: withMedia("userinfo", "APPLICATION/JWT"), want: "ok"},
		{name: "JSON as text/html", on: "plain", status: 503, page: "problem provider_unavailable", wrong: withMedia("userinfo", "text/html")},
	}
	for _, body := range []string{`[]`, `null`, `"x"`, ``} {
		rows = append(rows, tableRow{name: "JSON " + body, on: "plain", wrong: answering("userinfo", 200, "application/json", body), log: "strict JSON"})
	}
	return finishUserinfo(append(rows, absentUserinfo()...))
}

// absentUserinfo are answers that are none.
func absentUserinfo() []tableRow {
	rows := []tableRow{
		{name: "redirect", wrong: redirecting("userinfo", 302), log: "answered by a redirect"},
		{name: "20 MB", wrong: replying("userinfo", huge), log: "too large"},
		{name: "20 MB, plain", on: "plain", wrong: replying("userinfo", huge)},
		{name: "reset", wrong: rawly("userinfo", resetting), log: "connection broken"},
	}
	for _, status := range []int{204, 403, 503} {
		rows = append(rows, tableRow{name: http.StatusText(status), wrong: withStatus("userinfo", status), log: "unexpected HTTP status"})
	}
	for i := range rows {
		rows[i].status, rows[i].page = http.StatusServiceUnavailable, "problem provider_unavailable"
		if rows[i].on == "" { // one cause is told once a minute: each has a gate of its own
			rows[i].on, rows[i].jwks = "fresh", 1
		}
	}
	// One person's session at ProConnect that ended in between: it is not down.
	for _, status := range []int{401, 500} {
		rows = append(rows, tableRow{
			name: http.StatusText(status), wrong: withStatus("userinfo", status), page: "problem provider_retry", log: "session at the provider has ended",
		})
	}
	return rows
}

func misconfiguredUserinfo(name, on string, wrong misconduct) tableRow {
	return tableRow{
		name: name, on: on, wrong: wrong, status: 500, page: "problem misconfigured", log: `"remedy":"set userinfo_signing_alg`,
	}
}

func finishUserinfo(rows []tableRow) []tableRow {
	for i := range rows {
		if rows[i].want == "" {
			rows[i].want = "U"
		}
	}
	return rows
}

// harmfulValues are what identity providers hand on of what people typed.
var harmfulValues = map[string]any{
	"CR and LF":          "Jeanne\r\nX-Evil: 1\r\n\r\nHTTP/1.1 200 OK",
	"NUL":                "Jeanne\x00X-Evil",
	"non-ASCII":          "Zoë Ñandú 日本 \u202e\u2066",
	"100 kB":             strings.Repeat("Jeanne ", 15_000),
	"<script>":           `<script>alert(1)</script><img src=x onerror=alert(1)>`,
	"a template":         `{{env "HOME"}}`,
	"a placeholder":      `{env.HOME}{http.request.header.Cookie}`,
	"a list of objects":  []any{jsonObject{"a": "<b>"}, "x\ny", []any{"z"}},
	"an object":          jsonObject{"usual_name": "<b>"},
	"a number":           12345678901234567,
	"invalid surrogates": "\ud7ff\ufffd",
	"40 values":          strings.Split(strings.Repeat("value-of-a-list ", 40), " "),
	"64 long values":     slices.Repeat([]string{strings.Repeat("v", 250)}, 64),
}

// harmfulText: in what the site shows and hands on, nothing may be left that a
// browser, a template or a header's reader could act on.
var harmfulText = regexp.MustCompile(`[<>{}]`)

// harmless checks that whatever a claim holds, the person either is refused or
// gets a session whose placeholders and headers do no harm.
//
// The case: "claims with CR, LF, NUL, non-ASCII, 100 kB, names that collide with headers,
// `<script>`".
func (h *world) harmless(t *testing.T) {
	for _, on := range []string{"rs", "plain"} {
		for what, value := range harmfulValues {
			for _, claim := range []string{"usual_name", "email", "siret", "roles", "organization_label", "custom"} {
				if claim == "custom" {
					value = jsonObject{"unit": value, "Host": "evil.example", "Transfer-Encoding": "chunked"}
				}
				t.Run(on+"/"+claim+" with "+what, func(t *testing.T) { h.harmlessly(t, h.p.Clients[on], infoClaim(claim, value)) })
			}
		}
		t.Run(on+"/names that collide with headers", func(t *testing.T) {
			h.harmlessly(t, h.p.Clients[on], misconduct{Userinfo: tokenChanges{Claims: func(c jsonObject, _ *providerLogin) {
				for _, name := range []string{"host", "Cookie", "X-Evil", "x-proconnect-email", "content-length", "X-Evil: 1\r\n", ""} {
					c[name] = "evil.example"
				}
			}}})
		})
	}
}

func (h *world) harmlessly(t *testing.T, l *registeredClient, wrong misconduct) {
	t.Helper()
	l.Behave(wrong)
	t.Cleanup(func() { l.Behave(misconduct{}) })
	b := h.visitor(t, l)
	a := h.comeBack(b, h.atProvider(t, b, h.leave(t, b, "/wanted?a=b", "")))
	if a.StatusCode != http.StatusSeeOther {
		if a.StatusCode < 500 || !caddytest.NextStep.MatchString(a.Text) || b.FindSession() != nil {
			t.Errorf("a refusal of %d, page %q, cookies %v", a.StatusCode, a.Page(), b.SiteCookies())
		}
		return
	}
	h.entered(t, b, a)
	shown := b.Visit("/wanted").Text
	sent := b.Visit("/echo", "X-Known", "1")
	if sent.StatusCode != http.StatusOK {
		t.Fatalf("the upstream could not be asked: %d", sent.StatusCode)
	}
	for _, text := range []string{shown, sent.Text} {
		if bad := harmfulText.FindString(text); bad != "" || strings.ContainsFunc(strings.ReplaceAll(text, "\n", ""), unicode.IsControl) {
			t.Errorf("%q reached the site: %q", bad, text)
		}
	}
	for line := range strings.Lines(sent.Text) {
		name, _, _ := strings.Cut(line, ":")
		if !strings.HasPrefix(name, "X-Proconnect-") && !strings.HasPrefix(name, "X-Forwarded-") && !knownHeader[name] {
			t.Errorf("the upstream was sent %s", line)
		}
	}
}

// knownHeader are the request headers of the browser and of the proxy.
var knownHeader = map[string]bool{
	"Accept": true, "Accept-Encoding": true, "Accept-Language": true, "Sec-Fetch-Dest": true, "Sec-Fetch-Mode": true,
	"Sec-Fetch-Site": true, "User-Agent": true, "Via": true, "X-Known": true,
}
