package proconnect

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// benchGate is a gate with a key of its own and a session cookie that opens.
func benchGate(tb testing.TB, list ...rules.Rule) (h *Handler, cookie string) {
	tb.Helper()
	app := &App{Clients: map[string]*Client{}, lists: noLists()}
	secret := make([]byte, 32)
	for i := range secret {
		secret[i] = byte(i * 7)
	}
	c := &Client{app: app, name: defaultClient, cookieBase: "proconnect", Issuer: "https://issuer.example"}
	storage := &certmagic.FileStorage{Path: tb.TempDir()}
	c.keeper = session.New(session.Config{
		Name: c.cookieBase, Lifetime: defaultLifetime, Keys: seal.NewKeyring(secret), Issuer: c.Issuer, Log: zap.NewNop(),
		Shared: session.NewShared(storage, "c", zap.NewNop()), Storage: storage,
	})
	app.Clients[defaultClient], app.cookieBases = c, []string{c.cookieBase}
	set, err := rules.Compile(list, app.lists)
	if err != nil {
		tb.Fatal(err)
	}
	h = &Handler{client: c, rules: set, log: zap.NewNop(), exact: true, counts: new(gateMetrics)}
	h.setDefaults()
	w := httptest.NewRecorder()
	if err := c.keeper.Save(tb.Context(), w, origin.Of("docs.example.gouv.fr", true), benchSession(c.keeper)); err != nil {
		tb.Fatal(err)
	}
	kept := w.Result().Cookies()[0]
	return h, kept.Name + "=" + kept.Value
}

// benchSession is that of a long-named person, with the claims that are asked for by
// default.
func benchSession(k *session.Keeper) *session.Session {
	return k.New(claims.New(claims.NewRequest(nil, nil).Claims, map[string]any{
		"sub": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "given_name": "Jean-Christophe", "usual_name": "Dupont-Durand",
		"email": "jean-christophe.dupont-durand@developpement-durable.gouv.fr", "uid": "b3e1f0a2-5a4f-4b0e-8c2d-90c1d7a1e3f4",
		"siret": "13002526500013", "idp_id": "71144ab3-ee1a-4401-b7b3-79b44f7daeeb",
		"roles":              []any{"agent_public", "agent_public_etat"},
		"organization_label": "Direction interministérielle du numérique", "acr": "eidas1-mfa", "amr": []any{"pwd", "otp"},
	}), nil, nil, time.Now())
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
		delete(vars, requestVar)
		q := h.begin(r)
		q.gated = true
		q.open(r)
		if !h.decide(r, q) {
			b.Fatal(q.reason())
		}
		var replace caddy.ReplacerFunc = q.placeholder // what Caddy's replacer is given
		if id, _ := replace("http.auth.user.id"); id == "" {
			b.Fatal("nobody")
		}
	}
}

// BenchmarkReport is what a report block adds to a request of somebody whom its rules would
// let in as well.
func BenchmarkReport(b *testing.B) {
	h, _ := benchGate(b, benchRules...)
	h.tried = h.rules
	q := &request{gate: h, session: *benchSession(h.client.keeper)}
	b.ReportAllocs()
	for b.Loop() {
		h.try(nil, nil, q)
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
