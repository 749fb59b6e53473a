package provider_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// answeringError has the provider answer an error to the callback.
func answeringError(code string, more ...string) misconduct {
	return misconduct{Answer: func(q url.Values) {
		q.Del("code")
		q.Set("error", code)
		for i := 0; i+1 < len(more); i += 2 {
			q.Set(more[i], more[i+1])
		}
	}}
}

// callbackRows are the rows of section 6 on what the provider answers to the
// callback: RFC 9207, RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6.
func callbackRows() []tableRow {
	iss := func(value string) misconduct {
		return misconduct{Answer: func(q url.Values) { q.Set("iss", value) }}
	}
	notAdvertised := withMember("discovery", "authorization_response_iss_parameter_supported", nil)
	notAdvertised.Answer = func(q url.Values) { q.Del("iss") }
	rows := []tableRow{
		{name: "iss wrong", wrong: iss("https://evil.example"), status: 400, page: "problem attempt_unknown", log: "iss is not the configured issuer"},
		{name: "iss of another client", wrong: misconduct{Answer: func(q url.Values) {
			q.Set("iss", strings.Replace(q.Get("iss"), "/rs/", "/es/", 1))
		}}, status: 400, page: "problem attempt_unknown", log: "iss is not the configured issuer"},
		{name: "iss missing though advertised", wrong: misconduct{Answer: func(q url.Values) { q.Del("iss") }}, status: 400, page: "problem attempt_unknown", log: "iss missing"},
		{name: "iss missing and not advertised", on: "fresh", jwks: 1, wrong: notAdvertised, want: "ok"},
		{
			name: "iss wrong on an error answer", wrong: answeringError("login_required", "iss", "https://evil.example"), status: 400, page: "problem attempt_unknown",
			log: "iss is not the configured issuer",
		},
		{name: "access_denied", wrong: answeringError("access_denied"), status: 403, page: "problem provider_refused", log: "login refused by ProConnect"},
		{
			name: "access_denied, the level could not be reached", acr: "eidas2",
			wrong:  answeringError("access_denied", "error_description", "requested ACRs could not be satisfied"),
			status: 403, page: "refused", log: "acr",
		},
		{
			name: "access_denied, an identity that ProConnect does not accept", status: 403, page: "problem identity_refused", log: `"level":"info"`,
			wrong: answeringError("access_denied", "error_description", "access denied: invalid identity"),
		},
		{
			name: "access_denied, the client is limited", status: 403, page: "problem client_limited", log: "ask ProConnect's support to lift the client's limit",
			wrong: answeringError("access_denied", "error_description", "access denied: configuration limitation"),
		},
		{
			name: "access_denied, cancelled", status: 403, page: "problem provider_retry", log: `"msg":"login cancelled"`,
			wrong: answeringError("access_denied", "error_description", "user authentication aborted"),
		},
		{
			name: "invalid_request, cancelled at the identity provider", status: 403, page: "problem provider_retry", log: `"msg":"login cancelled"`,
			wrong: answeringError("invalid_request", "error_description", "authentication aborted due to a technical error"),
		},
		{name: "temporarily_unavailable", wrong: answeringError("temporarily_unavailable"), status: 503, page: "problem provider_failed", log: "temporarily_unavailable"},
		{name: "server_error", wrong: answeringError("server_error", "error_description", "Y500001"), status: 503, page: "problem provider_failed", log: "Y500001"},
		{name: "invalid_request", wrong: answeringError("invalid_request"), status: 502, page: "problem provider_retry", log: "invalid_request"},
		{
			name: "invalid_scope", wrong: answeringError("invalid_scope", "scope", "belonging_population"), status: 500, page: "problem misconfigured",
			log: "grant the client this scope, or remove the rule, claim or scope that needs it: belonging_population",
		},
		{name: "an error with markup", wrong: answeringError("<script>alert(1)</script>"), status: 500, page: "problem misconfigured", log: "(other)"},
	}
	for code, remedy := range map[string]string{
		"unauthorized_client": "ask ProConnect's support to register", "unsupported_response_type": "ask ProConnect's support to register",
		"idp_hint_not_found": "check idp_hint", "request_not_supported": "ask ProConnect's support what", "unheard_of": "ask ProConnect's support what",
	} {
		rows = append(rows, tableRow{name: "the rest: " + code, wrong: answeringError(code), status: 500, page: "problem misconfigured", log: `"remedy":"` + remedy})
	}
	for _, code := range []string{"login_required", "interaction_required", "consent_required", "account_selection_required"} {
		for _, on := range []string{"rs", "auto"} {
			rows = append(rows, tableRow{name: code + "/" + on, on: on, wrong: answeringError(code), status: 401, page: "login"})
		}
	}
	for i := range rows {
		if rows[i].want == "" {
			rows[i].want = "C"
		}
	}
	return rows
}

// errorDescriptions are what a link to our callback, or a provider, may carry
// for people to read.
var errorDescriptions = map[string]string{
	"<script>":            `<script>alert(1)</script>"onload="alert(1)`,
	"CRLF":                "first\r\nSet-Cookie: evil=1\r\n\r\n{\"level\":\"error\",\"msg\":\"forged\"}",
	"10 kB":               strings.Repeat("forged ", 1500),
	"right-to-left":       "forged \u202egnp.exe\u2066",
	"invalid UTF-8":       "forged \xff\xfe\x80",
	"terminal escapes":    "forged \x1b[31m",
	"a placeholder":       "forged {env.HOME} {{env \"HOME\"}}",
	"a number of theirs":  "forged Y500015<b>",
	"line separator":      "forged \u2028",
	"percent, twice over": "forged %3Cscript%3E",
}

// descriptions: what is said of an error is anybody's, and reaches neither pages
// nor headers nor the operator's log.
//
// The case: "error_description with `<script>`, CRLF, 10 kB, right-to-left override,
// invalid UTF-8".
func (h *world) descriptions(t *testing.T) {
	l := h.p.Clients["rs"]
	for name, text := range errorDescriptions {
		for _, code := range []string{"access_denied", "server_error", "invalid_scope", "login_required"} {
			t.Run("error_description with "+name+"/"+code, func(t *testing.T) {
				l.Behave(answeringError(code, "error_description", text, "scope", text[:min(len(text), 200)]))
				t.Cleanup(func() { l.Behave(misconduct{}) })
				b := h.visitor(t, l)
				a := h.comeBack(b, h.atProvider(t, b, h.leave(t, b, "/", "")))
				if a.StatusCode < 400 || !caddytest.NextStep.MatchString(a.Text) {
					t.Errorf("got %d, page %q", a.StatusCode, a.Page())
				}
				var head strings.Builder
				_ = a.Header.Write(&head)
				said := []string{a.Text, head.String()}
				if m := pageReference.FindStringSubmatch(a.Text); m != nil {
					said = append(said, h.logged(m[1]))
				}
				for _, s := range said {
					if strings.Contains(s, "forged") || strings.Contains(s, "alert(1)") || strings.Contains(s, "evil=") || !utf8.ValidString(s) {
						t.Errorf("reflected in %q", s)
					}
				}
			})
		}
	}
	// The access log holds addresses, which are escaped.
	for _, log := range []string{h.Logs(), h.accessLog(t)} {
		for _, raw := range []string{"<script>", `\u003cscript`, "\u202e", `\u202e`, "Set-Cookie: evil", "\x1b", `\u001b`, "forged \xff"} {
			if strings.Contains(log, raw) {
				t.Errorf("a log holds %q", raw)
			}
		}
	}
}

// methods: a callback that no navigation made uses nothing up.
//
// The case: "POST, PUT, DELETE to the callback; HEAD, OPTIONS, `Sec-Purpose: prefetch`".
func (h *world) methods(t *testing.T) {
	l := h.p.Clients["rs"]
	for name, c := range map[string]struct {
		method  string
		headers []string
	}{
		"POST": {http.MethodPost, nil}, "PUT": {http.MethodPut, nil}, "DELETE": {http.MethodDelete, nil}, "PATCH": {http.MethodPatch, nil},
		"HEAD": {http.MethodHead, nil}, "OPTIONS": {http.MethodOptions, nil}, "an invented one": {"CALLBACK", nil},
		"GET in a POST":           {http.MethodPost, []string{"X-HTTP-Method-Override", "GET"}},
		"Sec-Purpose: prefetch":   {http.MethodGet, []string{"Sec-Purpose", "prefetch"}},
		"Sec-Purpose: prerender":  {http.MethodGet, []string{"Sec-Purpose", "prefetch;prerender"}},
		"Purpose: prefetch":       {http.MethodGet, []string{"Purpose", "prefetch"}},
		"X-Moz: prefetch":         {http.MethodGet, []string{"X-Moz", "prefetch"}},
		"Sec-Purpose in capitals": {http.MethodGet, []string{"Sec-Purpose", "PREFETCH"}},
	} {
		t.Run(name+" to the callback", func(t *testing.T) {
			b := h.visitor(t, l)
			callback := h.atProvider(t, b, h.leave(t, b, "/wanted?a=b", ""))
			before := l.Calls()
			a := b.Request(c.method, callback, nil, c.headers...)
			if a.StatusCode != http.StatusMethodNotAllowed || a.Header.Get("Allow") != http.MethodGet || len(a.Cookies()) > 0 {
				t.Errorf("got %d, Allow %q, cookies %v", a.StatusCode, a.Header.Get("Allow"), a.Cookies())
			}
			if after := l.Calls(); after["token"] != before["token"] {
				t.Error("a token call was made")
			}
			h.entered(t, b, h.comeBack(b, callback))
		})
	}
	t.Run("form_post", func(t *testing.T) {
		b := h.visitor(t, l)
		callback := h.atProvider(t, b, h.leave(t, b, "/wanted?a=b", ""))
		u, err := url.Parse(callback)
		if err != nil {
			t.Fatal(err)
		}
		if a := b.Request(http.MethodPost, "/.proconnect/callback", u.Query(), "Sec-Fetch-Site", "cross-site"); a.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("got %d", a.StatusCode)
		}
		h.entered(t, b, h.comeBack(b, callback))
	})
}
