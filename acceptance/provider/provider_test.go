// Package provider_test logs people in at a provider that misbehaves: what it gets wrong
// must neither let anybody in nor leave anybody without a next step.
package provider_test

import "testing"

// TestMisbehavingProvider is the table of what must not work, against one misbehaving
// provider through a real Caddy.
func TestMisbehavingProvider(t *testing.T) {
	h := newWorld(t, freshClients, func(p *misbehaving) {
		p.Register("rs", "RS256", "RS256")
		for _, name := range []string{"es", "es-flipped", "es-zero", "es-p384"} {
			p.Register(name, "ES256", "ES256")
		}
		p.Register("hs", "HS256", "HS256")
		p.Register("plain", "RS256", "none")
		p.Register("auto", "RS256", "RS256").Options = "login auto"
		p.Register("errs", "RS256", "RS256").Options = "errors caddy"
		p.Register("docs", "RS256", "RS256").Site = "https://docs.ville.localhost:{$TLS_PORT}"
	})
	for name, keys := range map[string]int{"rs": 1, "es": 1, "hs": 0, "plain": 1, "auto": 1} {
		h.row(t, tableRow{on: name, jwks: keys, want: "ok"}) // a good login, after which discovery and keys are known
	}
	t.Run("1 id_token claims", func(t *testing.T) { h.rows(t, claimRows()) })
	t.Run("2 signature, header, keys", func(t *testing.T) {
		h.rows(t, signatureRows())
		t.Run("64 MB token", h.endlessToken)
	})
	t.Run("3 JWKS and discovery", func(t *testing.T) {
		h.rows(t, discoveryRows())
		h.rotations(t)
	})
	t.Run("4 token endpoint", func(t *testing.T) {
		h.rows(t, tokenRows())
		t.Run("request", h.tokenRequest)
		t.Run("authorization request", h.authorizationRequest)
	})
	t.Run("5 userinfo", func(t *testing.T) {
		h.rows(t, userinfoRows())
		h.harmless(t)
	})
	t.Run("6 callback and login attempt", func(t *testing.T) {
		h.rows(t, callbackRows())
		h.malformed(t)
		h.otherBrowsers(t)
		h.tabs(t)
		h.states(t)
		h.descriptions(t)
		h.methods(t)
		h.targets(t)
		t.Run("after the callback", h.afterwards)
		h.noAttempts(t)
		h.refusesCookies(t)
		h.linkWithoutCookies(t)
		t.Run("many attempts of one browser", h.manyAttempts)
		h.planted(t)
		h.earlyData(t)
		t.Run("0-RTT early data over HTTP/3", h.earlyQUIC)
		t.Run("a logout's hint", h.hints)
		t.Run("errors that the site answers itself", h.errorsOfTheSite)
		t.Run("a session of a sibling domain", h.otherHost)
	})
	h.nothingSecret(t)
}
