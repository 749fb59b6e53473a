package sandbox

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// The real server shows a page of its own for what is malformed: a redirect would
// hand the error to whoever forged the request.
func TestMalformedRequestsStayHere(t *testing.T) {
	tests := []struct{ name, param, value string }{
		{"no state", "state", ""},
		{"short state", "state", "0123456789012345678901234567890"},
		{"long state", "state", strings.Repeat("s", 8001)},
		{"state not ASCII", "state", strings.Repeat("é", 32)},
		{"no nonce", "nonce", ""},
		{"short nonce", "nonce", "nonce"},
		{"long nonce", "nonce", strings.Repeat("n", 513)},
		{"no scope", "scope", ""},
		{"scope without openid", "scope", "email"},
		{"no client", "client_id", ""},
		{"other client", "client_id", "other"},
		{"implicit flow", "response_type", "id_token"},
		{"no response type", "response_type", ""},
		{"fragment mode", "response_mode", "fragment"},
		{"no redirect_uri", "redirect_uri", ""},
		{"redirect_uri elsewhere", "redirect_uri", "https://example.org/callback"},
		{"redirect_uri named like loopback", "redirect_uri", "https://localhost.example.org/"},
		{"redirect_uri ending like loopback", "redirect_uri", "https://evillocalhost/"},
		{"redirect_uri with user", "redirect_uri", "http://localhost@example.org/"},
		{"redirect_uri with user on loopback", "redirect_uri", "http://a:b@localhost/"},
		{"redirect_uri with fragment", "redirect_uri", "http://localhost/#x"},
		{"redirect_uri of another scheme", "redirect_uri", "javascript://localhost/%0aalert(1)"},
		{"redirect_uri of the LAN", "redirect_uri", "http://192.168.1.2/"},
		{"redirect_uri of any address", "redirect_uri", "http://0.0.0.0/"},
		{"login_hint", "login_hint", "camille"},
		{"login_hint with a name", "login_hint", "C <c@example.org>"},
		{"siret_hint", "siret_hint", "1300252650001"},
		{"select_account", "prompt", "select_account"},
		{"none and login", "prompt", "none login"},
		{"plain PKCE", "code_challenge_method", "plain"},
		{"PKCE without method", "code_challenge_method", ""},
		{"challenge too short", "code_challenge", "abc"},
		{"unknown parameter", "display", "page"},
		{"claims no JSON", "claims", "{"},
		{"claims null", "claims", "null"},
		{"claims wrapped", "claims", `{"claims":{"id_token":{"acr":null}}}`},
		{"claims of a wrong type", "claims", `{"id_token":[]}`},
		{"acr values that ProConnect dropped", "claims", `{"id_token":{"acr":{"essential":true,"values":["https://proconnect.gouv.fr/assurance/self-asserted"]}}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &browser{t: t, server: newServer(t, nil)}
			for _, res := range []*http.Response{b.authorize(request(tt.param, tt.value)), b.login(request(tt.param, tt.value))} {
				if res.StatusCode != http.StatusBadRequest || res.Header.Get("Location") != "" {
					t.Errorf("got %d to %q", res.StatusCode, res.Header.Get("Location"))
				}
				if !strings.Contains(text(t, res), `data-page="sandbox-error"`) {
					t.Error("no error page")
				}
			}
			if b.cookie != nil {
				t.Error("a session was made")
			}
		})
	}
	t.Run("repeated parameter", func(t *testing.T) {
		b := &browser{t: t, server: newServer(t, nil)}
		for _, extra := range []string{"&scope=openid", "&state=" + testState, "&%zz"} {
			res := b.do("GET", "/authorize?"+request().Encode()+extra, nil)
			if res.StatusCode != http.StatusBadRequest {
				t.Errorf("%s: got %d", extra, res.StatusCode)
			}
		}
	})
}

func TestRedirectURIs(t *testing.T) {
	for _, uri := range []string{
		"http://localhost:8080/cb", "https://docs.localhost/cb", "http://127.0.0.1/cb", "http://127.8.9.1:81/cb",
		"http://[::1]:8080/cb", "HTTPS://LOCALHOST/cb", "http://localhost/cb?a=b",
	} {
		t.Run(uri, func(t *testing.T) {
			b := &browser{t: t, server: newServer(t, nil)}
			if q := answer(t, b.login(request("redirect_uri", uri))); q.Get("code") == "" {
				t.Errorf("no code in %v", q)
			}
		})
	}
}

func TestAnswersInTheRealOrder(t *testing.T) {
	b := &browser{t: t, server: newServer(t, nil)}
	iss := url.QueryEscape(testIssuer)
	got := leads(b.login(request("redirect_uri", "http://localhost/cb?a=b")))
	code, after, _ := strings.Cut(strings.TrimPrefix(got, "http://localhost/cb?a=b&code="), "&")
	if len(code) < 22 || after != "state="+testState+"&iss="+iss {
		t.Errorf("got %s", got)
	}
	for _, e := range loginErrors {
		got := b.login(request(), "error", e.Code).Header.Get("Location")
		if !strings.HasPrefix(got, testRedirect+"?error="+e.Code+"&error_description=") || !strings.HasSuffix(got, "&state="+testState+"&iss="+iss) {
			t.Errorf("%s: got %s", e.Code, got)
		}
	}
	if q := answer(t, b.login(request(), "error", "invalid_scope")); q.Get("scope") != "organization_label" {
		t.Errorf("invalid_scope names %q", q.Get("scope"))
	}
	if res := b.login(request(), "error", "made_up"); res.StatusCode != http.StatusBadRequest {
		t.Errorf("unknown error: got %d", res.StatusCode)
	}
}

func essential(values ...string) string {
	return `{"id_token":{"acr":{"essential":true,"values":["` + strings.Join(values, `","`) + `"]},"amr":null}}`
}

// What a running session answers to a further request, and what is left of it.
func TestSingleSignOn(t *testing.T) {
	const page, code = "page", "code"
	tests := []struct {
		name   string
		acr    string // the running session's; empty: none runs
		params []string
		want   string // a page, a code, or an error
		ended  bool
	}{
		{"no session", "", nil, page, false},
		{"no session, none", "", []string{"prompt", "none"}, "login_required", false},
		{"silent", "eidas1", nil, code, false},
		{"silent, none", "eidas1", []string{"prompt", "none"}, code, false},
		{"prompt=login forces nothing", "eidas1", []string{"prompt", "login"}, code, false},
		{"prompt=consent forces nothing", "eidas1", []string{"prompt", "consent"}, code, false},
		{"max_age forces nothing", "eidas1", []string{"max_age", "0"}, code, false},
		{"acr merely asked for", "eidas1", []string{"claims", `{"id_token":{"acr":null,"amr":null}}`}, code, false},
		{"acr not essential", "eidas1", []string{"claims", `{"id_token":{"acr":{"essential":false,"values":["eidas3"]}}}`}, code, false},
		{"acr_values bind nobody", "eidas1", []string{"acr_values", "eidas3"}, code, false},
		{"acr in the set", "eidas1-mfa", []string{"claims", essential("eidas0-mfa", "eidas1-mfa")}, code, false},
		{"acr as one value", "eidas1", []string{"claims", `{"id_token":{"acr":{"essential":true,"value":"eidas1"}}}`}, code, false},
		{"acr higher is not in the set", "eidas1-mfa", []string{"claims", essential("eidas1")}, page, true},
		{"acr unmet", "eidas1", []string{"claims", essential("eidas1-mfa")}, page, true},
		{"acr unmet, none", "eidas1", []string{"claims", essential("eidas1-mfa"), "prompt", "none"}, page, true},
		{"eidas2 is always fresh", "eidas2", []string{"claims", essential("eidas2", "eidas3")}, page, true},
		{"eidas3 is always fresh", "eidas3", []string{"claims", essential("eidas3"), "prompt", "none"}, page, true},
		{"login_hint fits", "eidas1", []string{"login_hint", "camille.exemple@test.proconnect.gouv.fr"}, code, false},
		{"login_hint differs", "eidas1", []string{"login_hint", "other@example.org"}, page, true},
		{"login_hint differs, none", "eidas1", []string{"login_hint", "other@example.org", "prompt", "none"}, page, true},
		{"idp_hint fits", "eidas1", []string{"idp_hint", idpMinistry}, code, false},
		{"idp_hint differs", "eidas1", []string{"idp_hint", idpProConnect, "prompt", "none"}, page, true},
		{"idp_hint unknown", "eidas1", []string{"idp_hint", "nobody"}, "idp_hint_not_found", false},
		{"siret_hint suggests", "eidas1", []string{"siret_hint", siretClamart}, code, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &browser{t: t, server: newServer(t, nil)}
			if tt.acr != "" {
				answer(t, b.login(request(), "acr", tt.acr))
			}
			res := b.authorize(request(tt.params...))
			got := page
			if res.StatusCode == http.StatusSeeOther {
				q := answer(t, res)
				got = q.Get("error")
				if q.Get("code") != "" {
					got = code
				}
			} else if body := text(t, res); !strings.Contains(body, `data-page="sandbox-login"`) {
				t.Fatalf("not the login page: %d %s", res.StatusCode, body)
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			after := answer(t, b.authorize(request("prompt", "none"))).Get("code") != ""
			if want := tt.acr != "" && !tt.ended; after != want {
				t.Errorf("session runs afterwards: %t, want %t", after, want)
			}
		})
	}
}

func TestLoginAgainstEssentialACR(t *testing.T) {
	tests := []struct {
		name, person, acr string
		values            []string
		want              string // an error, or nothing
	}{
		{"met", "mfa", "", []string{"eidas0-mfa", "eidas1-mfa"}, ""},
		{"unmet", "ministry", "", []string{"eidas1-mfa"}, "access_denied"},
		{"higher is unmet", "mfa", "", []string{"eidas1"}, "access_denied"},
		{"fresh eidas2", "ministry", "eidas2", []string{"eidas2"}, ""},
		{"no level is eidas1", "ministry", "-", []string{"eidas1"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &browser{t: t, server: newServer(t, nil)}
			fields := []string{"person", tt.person}
			if tt.acr != "" {
				fields = append(fields, "acr", tt.acr)
			}
			q := answer(t, b.login(request("claims", essential(tt.values...)), fields...))
			if q.Get("error") != tt.want || (q.Get("code") != "") != (tt.want == "") {
				t.Errorf("got %v", q)
			}
			if tt.want != "" && q.Get("error_description") != "requested ACRs could not be satisfied" {
				t.Errorf("description: %q", q.Get("error_description"))
			}
		})
	}
}

// The tab that was left open keeps its code when the same person logs in again;
// another person's login ends the session, and the code with it.
func TestTwoTabs(t *testing.T) {
	for _, tt := range []struct {
		second string
		want   int
	}{{"ministry", http.StatusOK}, {"commune", http.StatusInternalServerError}} {
		t.Run(tt.second, func(t *testing.T) {
			b := &browser{t: t, server: newServer(t, nil)}
			first := answer(t, b.login(request(), "person", "ministry")).Get("code")
			second := answer(t, b.login(request(), "person", tt.second)).Get("code")
			if status, body := b.exchange(first); status != tt.want {
				t.Errorf("first tab: %d %v", status, body)
			}
			if status, body := b.exchange(second); status != http.StatusOK {
				t.Errorf("second tab: %d %v", status, body)
			}
		})
	}
}

func TestHEADCreatesNothing(t *testing.T) {
	b := &browser{t: t, server: newServer(t, nil)}
	answer(t, b.login(request()))
	codes := b.server.codes.order.Len()
	for _, target := range []string{
		"/authorize?" + request().Encode(),
		"/authorize?" + request("login_hint", "other@example.org").Encode(),
		"/end-session",
	} {
		res := b.do("HEAD", target, nil)
		if res.StatusCode != http.StatusOK || res.Header.Get("Location") != "" || text(t, res) != "" {
			t.Errorf("%s: got %d", target, res.StatusCode)
		}
	}
	if got := b.server.codes.order.Len(); got != codes {
		t.Errorf("%d codes, want %d", got, codes)
	}
	if answer(t, b.authorize(request("prompt", "none"))).Get("code") == "" {
		t.Error("the session has ended")
	}
}

// What servers call is not there for browsers: a page of the gated site shares
// its origin with the mounted sandbox.
func TestBrowsersReachTwoEndpoints(t *testing.T) {
	b := &browser{t: t, server: newServer(t, nil)}
	for _, path := range []string{"/", "/token", "/userinfo", "/jwks", "/.well-known/openid-configuration", "/authorize/", "/style.css"} {
		for _, method := range []string{"GET", "POST"} {
			if res := b.do(method, path, nil); res.StatusCode != http.StatusNotFound {
				t.Errorf("%s %s: got %d", method, path, res.StatusCode)
			}
		}
	}
	for _, method := range []string{"PUT", "DELETE", "OPTIONS", "TRACE"} {
		if res := b.do(method, "/authorize?"+request().Encode(), nil); res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") == "" {
			t.Errorf("%s: got %d", method, res.StatusCode)
		}
	}
}

// A foreign page posts the form to log this browser in as somebody.
func TestFormOfAnotherSite(t *testing.T) {
	for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		s := newServer(t, nil)
		r := httptest.NewRequest("POST", "/authorize", strings.NewReader(request().Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(header, value)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusForbidden || len(w.Result().Cookies()) != 0 {
			t.Errorf("%s: got %d, cookies %v", header, w.Code, w.Result().Cookies())
		}
	}
}

func TestCookie(t *testing.T) {
	b := &browser{t: t, server: newServer(t, nil)}
	b.login(request())
	c := b.cookie
	if c.Name != CookieName || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Secure {
		t.Errorf("got %v", c)
	}
	b.cookie = &http.Cookie{Name: CookieName, Value: "made-up"}
	if q := answer(t, b.authorize(request("prompt", "none"))); q.Get("error") != "login_required" {
		t.Errorf("a made-up cookie: %v", q)
	}
	answer(t, b.login(request()))
	if b.cookie.Value == "made-up" {
		t.Error("the browser chose the session's name") // session fixation
	}
}
