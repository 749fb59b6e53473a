package sandbox

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const testLoggedOut = "http://localhost:8080/.proconnect/logged-out"

func TestEndSession(t *testing.T) {
	c := &clock{time.Unix(1_800_000_000, 0)}
	hint := func(b *browser) string {
		_, tokens := b.exchange(answer(t, b.login(request())).Get("code"))
		return tokens["id_token"].(string)
	}
	foreign := newServer(t, func(cfg *Config) { cfg.ClientID = "other" })
	foreignHint, err := foreign.sign("RS256", map[string]any{"iss": testIssuer, "aud": "other", "sub": "s"})
	if err != nil {
		t.Fatal(err)
	}
	forged, err := foreign.sign("HS256", map[string]any{"iss": testIssuer, "aud": testClient})
	if err != nil {
		t.Fatal(err)
	}
	back := testLoggedOut + "?state=" + testState
	tests := []struct {
		name   string
		params url.Values // %HINT stands for the session's own
		want   string     // where to; empty: a page
		status int
		ended  bool
	}{
		{"hint", url.Values{"id_token_hint": {"%HINT"}, "post_logout_redirect_uri": {testLoggedOut}, "state": {testState}}, back, 303, true},
		{"client_id", url.Values{"client_id": {testClient}, "post_logout_redirect_uri": {testLoggedOut}, "state": {testState}}, back, 303, true},
		{"both", url.Values{"id_token_hint": {"%HINT"}, "client_id": {testClient}, "post_logout_redirect_uri": {testLoggedOut}}, testLoggedOut, 303, true},
		{"neither drops the return", url.Values{"post_logout_redirect_uri": {testLoggedOut}, "state": {testState}}, "", 200, true},
		{"nothing", nil, "", 200, true},
		{"hint without a return", url.Values{"id_token_hint": {"%HINT"}}, "", 200, true},
		{"return elsewhere", url.Values{"client_id": {testClient}, "post_logout_redirect_uri": {"https://example.org/"}}, "", 400, true},
		{"bad signature", url.Values{"id_token_hint": {"%HINTx"}, "post_logout_redirect_uri": {testLoggedOut}}, "", 400, false},
		{"no token", url.Values{"id_token_hint": {"x"}, "post_logout_redirect_uri": {testLoggedOut}}, "", 400, false},
		{"another algorithm", url.Values{"id_token_hint": {forged}}, "", 400, false},
		{"other audience", url.Values{"id_token_hint": {foreignHint}, "post_logout_redirect_uri": {testLoggedOut}}, "", 400, false},
		{"other client", url.Values{"client_id": {"other"}, "post_logout_redirect_uri": {testLoggedOut}}, "", 400, false},
		{"short state", url.Values{"client_id": {testClient}, "post_logout_redirect_uri": {testLoggedOut}, "state": {"s"}}, "", 400, false},
		{"repeated", url.Values{"client_id": {testClient, testClient}}, "", 400, false},
		{"unknown parameter", url.Values{"logout_hint": {"x"}}, "", 400, false},
	}
	for _, tt := range tests {
		for _, method := range []string{"GET", "POST"} {
			t.Run(tt.name+" "+method, func(t *testing.T) {
				b := &browser{t: t, server: newServer(t, func(cfg *Config) { cfg.Now = c.now })}
				// A hint that has expired is as good: people log out late.
				token := hint(b)
				c.t = c.t.Add(2 * tokenLifetime)
				target, form := "/end-session?"+strings.ReplaceAll(tt.params.Encode(), "%25HINT", token), url.Values(nil)
				if method == "POST" {
					form, _ = url.ParseQuery(strings.TrimPrefix(target, "/end-session?"))
					target = "/end-session"
				}
				res := b.do(method, target, form)
				if res.StatusCode != tt.status || res.Header.Get("Location") != tt.want {
					t.Errorf("got %d to %q", res.StatusCode, res.Header.Get("Location"))
				}
				if b.server.sessions.order.Len() == 0 != tt.ended {
					t.Errorf("session ended: want %t", tt.ended)
				}
			})
		}
	}
}

// Keys do not outlive the process: the page for a hint that is not ours leads on.
func TestUnknownHintLeadsOn(t *testing.T) {
	b := &browser{t: t, server: newServer(t, nil)}
	v := url.Values{"id_token_hint": {"x.y.z"}, "post_logout_redirect_uri": {testLoggedOut}, "state": {testState}}
	_, rest, ok := strings.Cut(text(t, b.do("GET", "/end-session?"+v.Encode(), nil)), `href="end-session?`)
	link, _, _ := strings.Cut(rest, `"`)
	if !ok {
		t.Fatal("no link")
	}
	res := b.do("GET", "/end-session?"+strings.ReplaceAll(link, "&amp;", "&"), nil)
	if got := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || got != testLoggedOut+"?state="+testState {
		t.Errorf("got %d to %q", res.StatusCode, got)
	}
}

// A server made anew, as when a configuration is reloaded, knows older ID tokens.
func TestHintsSurviveAReload(t *testing.T) {
	for _, alg := range signingAlgs {
		t.Run(alg, func(t *testing.T) {
			change := func(cfg *Config) { cfg.SigningAlg = alg }
			b := &browser{t: t, server: newServer(t, change)}
			_, tokens := b.exchange(answer(t, b.login(request())).Get("code"))
			b.server = newServer(t, change)
			v := url.Values{"id_token_hint": {tokens["id_token"].(string)}, "post_logout_redirect_uri": {testLoggedOut}}
			if res := b.do("GET", "/end-session?"+v.Encode(), nil); res.StatusCode != http.StatusSeeOther {
				t.Errorf("got %d", res.StatusCode)
			}
		})
	}
}
