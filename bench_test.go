package proconnect

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// benchGate is a gate with a key of its own and a session cookie that opens.
func benchGate(tb testing.TB, list ...rules.Rule) (h *Handler, cookie string) {
	tb.Helper()
	app := &App{Clients: map[string]*Client{}, lists: new(rules.Lists)}
	c := &Client{app: app, name: defaultClient, lifetime: defaultLifetime, cookieBase: "proconnect", Issuer: "https://issuer.example"}
	app.Clients[defaultClient] = c
	app.cookieBases = []string{c.cookieBase}
	c.cookies = [2]cookieNames{newCookieNames(c.cookieBase, false), newCookieNames(c.cookieBase, true)}
	secret := make([]byte, 32)
	for i := range secret {
		secret[i] = byte(i * 7)
	}
	c.sessions = seal.NewKeyring(secret).Box("session", c.Issuer, c.ClientID)
	c.revoked = newRevocations(nil, "", zap.NewNop())
	c.revoked.first.Do(func() { c.revoked.loaded.Store(true) })
	set, err := rules.Compile(list, app.lists)
	if err != nil {
		tb.Fatal(err)
	}
	h = &Handler{client: c, rules: set, log: zap.NewNop(), exact: true}
	h.setDefaults()
	value, err := c.sessions.Seal(tb.Context(), testSession(tb).encode(), "docs.example.gouv.fr")
	if err != nil {
		tb.Fatal(err)
	}
	return h, "__Host-proconnect=" + value
}

var benchRules = []rules.Rule{
	{Effect: rules.EffectAllow, Conditions: []rules.Condition{{Field: "roles", Values: []string{"agent_public"}}, {Field: "siren", Values: []string{"130025265"}}}},
	{Effect: rules.EffectDeny, Conditions: []rules.Condition{{Field: "email", Values: []string{"*@prestataire.example"}}}},
}

// BenchmarkCheck is the whole check of a request with a session: from the cookie
// header to the decision and a placeholder, with the cookie taken out. The
// request's replacer is Caddy's own, made with or without a gate.
func BenchmarkCheck(b *testing.B) {
	h, cookie := benchGate(b, benchRules...)
	r := httptest.NewRequest(http.MethodGet, "https://docs.example.gouv.fr/page", nil)
	cookies := []string{"theme=dark; " + cookie}
	vars := map[string]any{}
	r = r.WithContext(context.WithValue(r.Context(), caddyhttp.VarsCtxKey, vars))
	b.ReportAllocs()
	for b.Loop() {
		r.Header["Cookie"] = cookies
		delete(vars, visitVar)
		v := h.visit(r)
		v.client = h.client
		v.open(r, h.client)
		if !h.decide(v) {
			b.Fatal(v.reason())
		}
		v.admitted = true
		var replace caddy.ReplacerFunc = v.placeholder // what Caddy's replacer is given
		if id, _ := replace("http.auth.user.id"); id == "" {
			b.Fatal("nobody")
		}
	}
}

// The default claims of a long-named person fit into a small cookie.
func TestSessionCookieIsSmall(t *testing.T) {
	_, cookie := benchGate(t, benchRules...)
	if len(cookie) > 700 {
		t.Errorf("the session cookie weighs %d bytes, want at most 700", len(cookie))
	}
	t.Logf("%d bytes", len(cookie))
}
