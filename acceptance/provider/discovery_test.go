package provider_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// unusable are answers that are none, to whatever endpoint that answers JSON.
func unusable(endpoint string) map[string]misconduct {
	return map[string]misconduct{
		"500":                   answering(endpoint, 500, "application/json", "{}"),
		"500 with a good body":  withStatus(endpoint, 500),
		"HTML":                  answering(endpoint, 200, "text/html; charset=utf-8", "<!doctype html><h1>Maintenance</h1>"),
		"good JSON as HTML":     withMedia(endpoint, "text/html"),
		"empty":                 answering(endpoint, 200, "application/json", ""),
		"204":                   answering(endpoint, 204, "application/json", ""),
		"redirect to elsewhere": redirecting(endpoint, http.StatusFound),
		"20 MB":                 replying(endpoint, huge),
		"never-ending":          rawly(endpoint, endless("application/json")),
		"reset":                 rawly(endpoint, resetting),
		"truncated":             rawly(endpoint, truncating),
	}
}

// discoveryRows is section 3: OpenID Connect Discovery §4.3.
//
// The case: "issuer mismatch (also only a slash); an endpoint missing, `http:` (unless
// loopback), `file:`, with a fragment".
func discoveryRows() []tableRow {
	var rows []tableRow
	for name, wrong := range unusable("discovery") {
		rows = append(rows, tableRow{name: "discovery/" + name, wrong: wrong, status: 503, page: "problem provider_unavailable", log: "discovery: unavailable"})
	}
	for name, wrong := range unusable("jwks") {
		rows = append(rows, tableRow{
			name: "JWKS/" + name, wrong: wrong, want: "T", status: 503, page: "problem provider_unavailable", log: "provider's keys unavailable", jwks: 1,
		})
	}
	for name, change := range map[string]func(string) string{
		"only a slash": func(s string) string { return s + "/" },
		"another host": func(s string) string { return strings.Replace(s, caddytest.Loopback, "localhost", 1) },
		"without path": func(s string) string { return strings.TrimSuffix(s, "/api/v2") },
		"missing":      nil,
	} {
		wrong := withMember("discovery", "issuer", nil)
		if change != nil {
			wrong = replying("discovery", func(r *pendingReply) {
				var doc jsonObject
				_ = json.Unmarshal([]byte(r.Body), &doc)
				doc["issuer"] = change(doc["issuer"].(string))
				r.Body = doc.String()
			})
		}
		rows = append(rows, tableRow{
			name: "issuer mismatch/" + name, wrong: wrong, page: "problem misconfigured", log: `"remedy":"check issuer`,
		})
	}
	for _, endpoint := range []string{"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint"} {
		rows = append(rows, unsafeEndpoint(endpoint)...)
	}
	for i := range rows {
		rows[i].on = "fresh"
		if rows[i].want == "" {
			rows[i].want = "D"
		}
	}
	return append(rows, keySetRows()...)
}

// unsafeEndpoint: secrets must not be sent where discovery says in plain http, or
// to what is no server.
func unsafeEndpoint(name string) []tableRow {
	values := map[string]any{"missing": nil, "http:": "http://evil.example/x", "file:": "file:///etc/passwd", "with a fragment": "https://evil.example/x#y"}
	if name == "end_session_endpoint" {
		delete(values, "missing") // it is optional
	}
	var rows []tableRow
	for what, value := range values {
		rows = append(rows, tableRow{name: name + " " + what, wrong: withMember("discovery", name, value), log: "missing or unsafe endpoint"})
	}
	return rows
}

// keySetRows: a key that nobody can read is no reason to refuse the others.
//
// The case: "JWKS with an extra key of an unknown curve, kty or broken modulus".
func keySetRows() []tableRow {
	k := signingKeys()
	var rows []tableRow
	for name, extra := range map[string]any{
		"an unknown curve":   jsonObject{"kty": "EC", "kid": "rsa", "crv": "P-999", "x": "AA", "y": "AA"},
		"an unknown kty":     jsonObject{"kty": "LATTICE", "kid": "rsa"},
		"a broken modulus":   jsonObject{"kty": "RSA", "kid": "rsa", "alg": "RS256", "n": "!", "e": "AQAB"},
		"an even modulus":    rsaKey("rsa", k.RSA).With("n", b64([]byte(strings.Repeat("\xfe", 256)))),
		"a point off curve":  ecKey("rsa", k.EC).With("x", b64(make([]byte, 32))),
		"a number for a key": 7,
	} {
		rows = append(rows, tableRow{
			name: "JWKS with an extra key of " + name, on: "fresh", want: "ok", jwks: 1,
			wrong: withMember("jwks", "keys", append([]any{extra}, keySet()...)),
		})
	}
	several := withMember("jwks", "keys", []any{rsaKey("a", k.Other), rsaKey("b", k.RSA)})
	several.ID.Header, several.Userinfo.Header = changedField("kid", nil), changedField("kid", nil)
	return append(
		rows,
		tableRow{name: "token without kid, one matching key", wrong: idHeader("kid", nil), want: "ok"},
		tableRow{name: "token without kid, several matching keys", on: "fresh", jwks: 1, want: "ok", wrong: several},
		tableRow{name: "no key at all", on: "fresh", jwks: 2, want: "T", wrong: withMember("jwks", "keys", []any{}), log: "signature not verified"},
	)
}

// rotations: the provider changes its keys when it likes.
func (h *world) rotations(t *testing.T) {
	rotated := withMember("jwks", "keys", []any{rsaKey("new", signingKeys().Other)})
	rotated.ID.Whole = resigned(jsonObject{"alg": "RS256", "kid": "new"}, signingKeys().Other)
	rotated.Userinfo.Whole = rotated.ID.Whole
	t.Run("rotation between two logins", func(t *testing.T) {
		l := h.unused(t)
		h.goodLogin(t, l)
		l.Behave(rotated)
		h.goodLogin(t, l)
		h.goodLogin(t, l)
		if n := l.Calls()["jwks"]; n != 2 {
			t.Errorf("keys were fetched %d times, want 2", n)
		}
	})
	t.Run("rotation between redirect and token", func(t *testing.T) {
		l := h.unused(t)
		h.goodLogin(t, l) // the keys are held
		b := h.visitor(t, l)
		callback := h.atProvider(t, b, h.leave(t, b, "/wanted?a=b", ""))
		l.Behave(rotated)
		h.entered(t, b, h.comeBack(b, callback))
		if n := l.Calls()["jwks"]; n != 2 {
			t.Errorf("keys were fetched %d times, want 2", n)
		}
	})
	t.Run("keys already held stay usable", func(t *testing.T) {
		l := h.unused(t)
		h.goodLogin(t, l)
		broken := rawly("jwks", resetting)
		l.Behave(broken)
		h.goodLogin(t, l)
		broken.ID = tokenChanges{Header: changedField("kid", "unheard-of")}
		l.Behave(broken)
		b := h.visitor(t, l)
		if a := h.comeBack(b, h.atProvider(t, b, h.leave(t, b, "/", ""))); a.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("a token of unknown kid: %d, page %q", a.StatusCode, a.Page())
		}
		l.Behave(rawly("jwks", resetting))
		h.goodLogin(t, l)
	})
	for name, wrong := range map[string]misconduct{
		"unknown kids":   {ID: tokenChanges{Header: changedField("kid", "unheard-of")}},
		"other kids":     {ID: tokenChanges{Whole: changingKid()}},
		"bad signatures": idToken(text(flipped)),
	} {
		t.Run("50 tokens with "+name, func(t *testing.T) { h.fiftyTokens(t, wrong) })
	}
}

// changingKid invents a kid for every token.
func changingKid() func(string, *providerLogin) string {
	var n atomic.Int32
	return func(token string, g *providerLogin) string {
		return resigned(jsonObject{"alg": "RS256", "kid": fmt.Sprintf("kid-%d", n.Add(1))}, signingKeys().RSA)(token, g)
	}
}

// The case: "50 tokens with unknown kids or bad signatures".
func (h *world) fiftyTokens(t *testing.T, wrong misconduct) {
	l := h.unused(t)
	began := time.Now()
	h.goodLogin(t, l)
	l.Behave(wrong)
	b := h.visitor(t, l)
	for range 50 {
		if a := h.comeBack(b, h.atProvider(t, b, h.leave(t, b, "/", ""))); a.Page() != "problem login_failed" {
			t.Fatalf("a forged token: %d, page %q", a.StatusCode, a.Page())
		}
	}
	// At first, three more, and one every twenty seconds.
	if n, most := l.Calls()["jwks"], 4+int(time.Since(began)/(20*time.Second)); n > most {
		t.Errorf("keys were fetched %d times, want %d at most", n, most)
	}
	l.Behave(misconduct{})
	h.goodLogin(t, l)
}

// goodLogin logs somebody in, with a new browser, and returns it.
func (h *world) goodLogin(t *testing.T, l *registeredClient) *caddytest.Browser {
	t.Helper()
	b := h.visitor(t, l)
	h.entered(t, b, h.comeBack(b, h.atProvider(t, b, h.leave(t, b, "/wanted?a=b", ""))))
	return b
}
