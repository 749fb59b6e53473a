package e2e

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const (
	dinumEmail  = "angela.durand@numerique.gouv.fr"
	dinumIdP    = "0e4f52c5-5c1d-4a3e-8f55-1d2b6a6c4a10"
	identiteIdP = "71144ab3-ee1a-4401-b7b3-79b44f7daeeb"
)

// silent sends the browser by with a bare prompt=none.
func (c *rawClient) silent() answer {
	c.t.Helper()
	s := c.as(c.t, "q")
	s.params.Set("prompt", "none")
	return s.authorize()
}

// wantError wants an answer at the client that holds an error, and the words given
// of its other parameters.
func wantError(t *testing.T, a answer, code string) url.Values {
	t.Helper()
	if a.back == nil || a.back.Query().Get("error") != code || a.back.Query().Get("iss") == "" || a.back.Query().Get("state") == "" {
		t.Errorf("got %d %v, want %s", a.status, a.back, code)
		return url.Values{}
	}
	return a.back.Query()
}

func wantCode(t *testing.T, a answer) {
	t.Helper()
	if a.back == nil || a.back.Query().Get("code") == "" {
		t.Errorf("got %d %v %s, want a code", a.status, a.back, a.body)
	}
}

// TestProviderSilentPasses holds the engine to what was measured of prompt=none, with
// and without the mode in which passes kill one another.
func TestProviderSilentPasses(t *testing.T) {
	for mode, env := range map[string]string{"one at a time": "KILL_OVERLAPS=1", "side by side": "KILL_OVERLAPS="} {
		p := startProvider(t, []string{rawOrigin}, env)
		for name, test := range silentPasses {
			t.Run(mode+"/"+name, func(t *testing.T) {
				p.control(t, orders{"set": map[string]any{
					"down": false, "blocked": []string{}, "blockedStatus": 400, "disabledIdPs": []string{}, "withdrawnScopes": []string{},
				}})
				test(t, p, newRawClient(t, p, "rs256"))
			})
		}
	}
}

var silentPasses = map[string]func(*testing.T, *provider, *rawClient){
	"no session": func(t *testing.T, _ *provider, c *rawClient) {
		wantError(t, c.silent(), "login_required")
	},
	"a session, for another client too": func(t *testing.T, p *provider, c *rawClient) {
		c.login(url.Values{"person": {"dinum"}})
		wantCode(t, c.silent())
		other := newRawClient(t, p, "es256")
		other.http.Jar = c.http.Jar
		wantCode(t, other.silent())
	},
	"the session has ended": func(t *testing.T, p *provider, c *rawClient) {
		c.login(url.Values{"person": {"dinum"}})
		p.control(t, orders{"end": dinumEmail})
		wantError(t, c.silent(), "login_required")
		wantCode(t, c.login(url.Values{"person": {"dinum"}}))
	},
	"another account": func(t *testing.T, p *provider, c *rawClient) {
		before := c.identity(c.login(url.Values{"person": {"dinum"}}))
		p.control(t, orders{"become": []any{dinumEmail, map[string]string{"person": "clamart"}}})
		after := c.identity(c.silent())
		if before["sub"] == after["sub"] || after["siret"] != "21920023500014" {
			t.Errorf("got %v after %v", after, before)
		}
	},
	"another organisation": func(t *testing.T, p *provider, c *rawClient) {
		before := c.identity(c.login(url.Values{"person": {"dinum"}}))
		p.control(t, orders{"become": []any{dinumEmail, map[string]string{"person": "dinum", "siret": "11002001300097"}}})
		after := c.identity(c.silent())
		if before["sub"] != after["sub"] || before["siret"] == after["siret"] {
			t.Errorf("got %v after %v", after, before)
		}
	},
	"a blocked person": func(t *testing.T, p *provider, c *rawClient) {
		c.login(url.Values{"person": {"dinum"}})
		for _, status := range []int{http.StatusBadRequest, http.StatusForbidden} {
			p.control(t, orders{"set": map[string]any{"blocked": []string{dinumEmail}, "blockedStatus": status}})
			wantStranded(t, c.silent(), status)
			wantStranded(t, newRawClient(t, p, "rs256").login(url.Values{"person": {"dinum"}}), status)
		}
		p.set(t, "blocked", []string{})
		wantCode(t, c.silent())
	},
	"a disabled identity provider": func(t *testing.T, p *provider, c *rawClient) {
		c.login(url.Values{"person": {"dinum"}})
		p.set(t, "disabledIdPs", []string{dinumIdP})
		wantError(t, c.silent(), "login_required")
		wantError(t, c.authorize(), "login_required")
		if got := c.get(p.issuer + "/session/end"); got.status != http.StatusBadRequest || got.back != nil {
			t.Errorf("the logout: got %d %v", got.status, got.back)
		}
		wantCode(t, c.login(url.Values{"person": {"clamart"}}))
	},
	"a scope that was taken away": func(t *testing.T, p *provider, c *rawClient) {
		p.set(t, "withdrawnScopes", []string{"roles"})
		if q := wantError(t, c.silent(), "invalid_scope"); q.Get("scope") != "roles" {
			t.Errorf("without a session: got %v", q)
		}
		p.set(t, "withdrawnScopes", []string{})
		c.login(url.Values{"person": {"dinum"}})
		p.set(t, "withdrawnScopes", []string{"roles"})
		if q := wantError(t, c.silent(), "invalid_scope"); q.Get("scope") != "roles" {
			t.Errorf("with a session: got %v", q)
		}
		wantError(t, c.authorize(), "invalid_scope")
	},
	"an essential acr": func(t *testing.T, _ *provider, c *rawClient) {
		c.login(url.Values{"person": {"dinum"}})
		c.params.Set("prompt", "none")
		c.params.Set("claims", `{"id_token":{"acr":{"essential":true,"values":["eidas1","eidas1-mfa"]}}}`)
		wantCode(t, c.authorize())
		c.params.Set("claims", `{"id_token":{"acr":{"essential":true,"values":["eidas1-mfa"]}}}`)
		wantLoginPage(t, c.authorize())
		c.params.Del("claims")
		wantError(t, c.silent(), "login_required")
	},
	"a hint": func(t *testing.T, _ *provider, c *rawClient) {
		c.login(url.Values{"person": {"dinum"}})
		c.params.Set("prompt", "none")
		c.params.Set("idp_hint", dinumIdP)
		wantCode(t, c.authorize())
		c.params.Set("idp_hint", identiteIdP)
		wantLoginPage(t, c.authorize())
		c.params.Del("idp_hint")
		wantError(t, c.silent(), "login_required")
	},
	"the server is down": func(t *testing.T, p *provider, c *rawClient) {
		c.login(url.Values{"person": {"dinum"}})
		p.set(t, "down", true)
		if res, err := c.http.Get(p.issuer + "/.well-known/openid-configuration"); err == nil {
			res.Body.Close()
			t.Errorf("got %d", res.StatusCode)
		}
		p.set(t, "down", false)
		wantCode(t, c.silent())
	},
}

// wantStranded wants a page of the provider's own, whose link comes back as
// access_denied.
func wantStranded(t *testing.T, a answer, status int) {
	t.Helper()
	if a.status != status || a.back != nil || !strings.Contains(a.body, "provider-stranded") {
		t.Errorf("got %d %v, want a page with %d", a.status, a.back, status)
	}
	to, err := url.Parse(html.UnescapeString(between(a.body, `id="retry" href="`, `"`)))
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, answer{back: to}, "access_denied")
}

func wantLoginPage(t *testing.T, a answer) {
	t.Helper()
	if a.back != nil || !strings.Contains(a.body, "provider-login") {
		t.Errorf("got %d %v, want the login page", a.status, a.back)
	}
}

// identity is what the provider says of the person of an answer.
func (c *rawClient) identity(a answer) map[string]any {
	c.t.Helper()
	if a.back == nil {
		c.t.Fatalf("got %d %s", a.status, a.body)
	}
	_, tokens := c.token(a, "")
	token, _ := tokens["access_token"].(string)
	_, _, body := c.userinfo(token)
	return c.verified(body, "RS256")
}
