package e2e

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestProviderSignsAsRegistered holds the provider of these tests to what is
// known of ProConnect: a proof against something else would prove nothing.
func TestProviderSignsAsRegistered(t *testing.T) {
	p := startProvider(t, []string{rawOrigin})
	for _, tt := range []struct{ client, idToken, userinfo string }{
		{"rs256", "RS256", "RS256"},
		{"es256", "ES256", "ES256"},
		{"hs256", "HS256", "HS256"},
		{"json", "RS256", ""},
	} {
		t.Run(tt.client, func(t *testing.T) {
			c := newRawClient(t, p, tt.client)
			back := c.login(url.Values{"person": {"dinum"}})
			if back.status != http.StatusSeeOther || back.back == nil {
				t.Fatalf("got %d %s", back.status, back.body)
			}
			if !orderedQuery(back.back, "code", "state", "iss") {
				t.Errorf("got %s, want code, state, iss", back.back.RawQuery)
			}
			if got := back.back.Query().Get("iss"); got != p.issuer {
				t.Errorf("iss: got %q", got)
			}
			status, tokens := c.token(back, "")
			if status != http.StatusOK || tokens["refresh_token"] == nil || tokens["token_type"] != "Bearer" {
				t.Fatalf("token: got %d %v", status, tokens)
			}
			id := c.verified(tokens["id_token"].(string), tt.idToken)
			if id["acr"] != "eidas1" || id["aud"] != tt.client || id["at_hash"] == nil || id["auth_time"] == nil || id["email"] != nil {
				t.Errorf("id_token: got %v", id)
			}
			checkUserinfo(t, c, tokens["access_token"].(string), tt.userinfo, id["sub"])
			if status, _ := c.token(back, ""); status != http.StatusBadRequest {
				t.Errorf("a code used twice: got %d", status)
			}
		})
	}
}

func checkUserinfo(t *testing.T, c *rawClient, accessToken, alg string, sub any) {
	t.Helper()
	status, mediaType, body := c.userinfo(accessToken)
	if status != http.StatusOK {
		t.Fatalf("userinfo: got %d %s", status, body)
	}
	var claims map[string]any
	if alg == "" {
		c.parse(body, &claims)
	} else {
		if mediaType != "application/jwt; charset=utf-8" {
			t.Errorf("userinfo: got %q", mediaType)
		}
		claims = c.verified(body, alg)
		if claims["iss"] != c.p.issuer || claims["aud"] != c.id {
			t.Errorf("userinfo: got %v", claims)
		}
	}
	if claims["sub"] != sub || claims["siret"] != "13002526500013" || claims["acr"] != nil || claims["phone_number"] != nil {
		t.Errorf("userinfo: got %v", claims)
	}
}

// orderedQuery tells whether a query has exactly these names, in this order.
func orderedQuery(u *url.URL, names ...string) bool {
	var got []string
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		got = append(got, name)
	}
	return slices.Equal(got, names)
}

func TestProviderComparesACRExactly(t *testing.T) {
	p := startProvider(t, []string{rawOrigin})
	const essential = `{"id_token":{"acr":{"essential":true,"values":["eidas1-mfa","eidas2"]},"amr":null}}`
	c := newRawClient(t, p, "rs256")
	c.params.Set("claims", essential)
	t.Run("unmet after login", func(t *testing.T) {
		q := c.login(url.Values{"person": {"dinum"}}).back.Query()
		if q.Get("error") != "access_denied" || q.Get("error_description") != "requested ACRs could not be satisfied" || q.Get("iss") != p.issuer {
			t.Errorf("got %v", q)
		}
	})
	t.Run("higher is not the same", func(t *testing.T) {
		if q := c.login(url.Values{"acr": {"eidas3"}}).back.Query(); q.Get("error") != "access_denied" {
			t.Errorf("got %v", q)
		}
	})
	t.Run("met", func(t *testing.T) {
		back := c.login(url.Values{"person": {"mfa"}})
		_, tokens := c.token(back, "")
		if id := c.verified(tokens["id_token"].(string), "RS256"); id["acr"] != "eidas1-mfa" {
			t.Errorf("got %v", id)
		}
	})
	t.Run("a plain login afterwards is answered eidas1", func(t *testing.T) {
		c.params.Set("claims", `{"id_token":{"acr":null,"amr":null}}`)
		_, tokens := c.token(c.authorize(), "")
		if id := c.verified(tokens["id_token"].(string), "RS256"); id["acr"] != "eidas1" {
			t.Errorf("got %v", id)
		}
	})
	t.Run("and the higher level needs a login once more", func(t *testing.T) {
		c.params.Set("claims", essential)
		if got := c.authorize(); !strings.Contains(got.body, "provider-login") {
			t.Errorf("got %d %s", got.status, got.body)
		}
	})
}

// An essential acr that the running session does not have ends it, even if nobody
// logs in then; one that it has does not.
func TestProviderEndsSessionOfUnmetACR(t *testing.T) {
	const plain, essential = `{"id_token":{"acr":null,"amr":null}}`, `{"id_token":{"acr":{"essential":true,"values":["eidas1-mfa","eidas2"]},"amr":null}}`
	p := startProvider(t, []string{rawOrigin})
	for person, lives := range map[string]bool{"dinum": false, "mfa": true} {
		t.Run(person, func(t *testing.T) {
			c := newRawClient(t, p, "rs256")
			c.login(url.Values{"person": {person}})
			c.params.Set("claims", essential)
			c.authorize()
			c.params.Set("claims", plain)
			if got := c.authorize(); (got.back != nil) != lives {
				t.Errorf("got %d, back at the site: %v", got.status, got.back != nil)
			}
		})
	}
}

// The page for the email comes first, unless a hint tells enough.
func TestProviderAsksForTheEmail(t *testing.T) {
	p := startProvider(t, []string{rawOrigin}, "EMAIL_PAGE=1")
	for hint, value := range map[string]string{"": "", "idp_hint": "0e4f52c5-5c1d-4a3e-8f55-1d2b6a6c4a10", "login_hint": "a@b.fr"} {
		t.Run(hint, func(t *testing.T) {
			c := newRawClient(t, p, "rs256")
			if hint != "" {
				c.params.Set(hint, value)
			}
			page := c.authorize()
			if asks := strings.Contains(page.body, "provider-email"); asks != (hint == "") {
				t.Fatalf("asks for the email: %v", asks)
			}
			if hint == "" {
				if page = c.post(page.at.String(), url.Values{"typed_email": {"a@b.fr"}}); !strings.Contains(page.body, "provider-login") {
					t.Fatalf("got %s", page.body)
				}
			}
			if got := c.post(page.at.String(), url.Values{"person": {"dinum"}}); got.back == nil || got.back.Query().Get("code") == "" {
				t.Errorf("got %d %s", got.status, got.body)
			}
		})
	}
}

func TestProviderRefusesOnItsOwnPage(t *testing.T) {
	p := startProvider(t, []string{rawOrigin})
	for _, tt := range []struct{ name, key, value string }{
		{"missing state", "state", ""},
		{"short nonce", "nonce", "short"},
		{"unknown parameter", "ui_locales", "fr"},
		{"login_hint", "login_hint", "nobody"},
		{"siret_hint", "siret_hint", "13002526"},
		{"select_account", "prompt", "select_account"},
		{"unregistered redirect", "redirect_uri", rawOrigin + "/.proconnect/callback/"},
		{"unknown client", "client_id", "stranger"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newRawClient(t, p, "rs256")
			c.params.Set(tt.key, tt.value)
			if tt.value == "" {
				c.params.Del(tt.key)
			}
			if got := c.authorize(); got.status != http.StatusBadRequest || got.back != nil {
				t.Errorf("got %d %v", got.status, got.back)
			}
		})
	}
	t.Run("repeated parameter", func(t *testing.T) {
		c := newRawClient(t, p, "rs256")
		c.params.Add("state", strings.Repeat("t", 43))
		if got := c.authorize(); got.status != http.StatusBadRequest || got.back != nil {
			t.Errorf("got %d %v", got.status, got.back)
		}
	})
}

func TestProviderAnswersErrorsToTheCallback(t *testing.T) {
	p := startProvider(t, []string{rawOrigin})
	for _, tt := range []struct{ name, key, value, want string }{
		{"no session", "prompt", "none", "login_required"},
		{"scope not granted", "scope", "openid belonging_population", "invalid_scope"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newRawClient(t, p, "rs256")
			c.params.Set(tt.key, tt.value)
			got := c.authorize()
			if got.back == nil || got.back.Query().Get("error") != tt.want {
				t.Errorf("got %d %v, want %s", got.status, got.back, tt.want)
			}
		})
	}
	t.Run("an unknown scope is ignored", func(t *testing.T) {
		c := newRawClient(t, p, "rs256")
		c.params.Set("scope", "openid profile")
		if got := c.login(url.Values{}).back.Query(); got.Get("code") == "" {
			t.Errorf("got %v", got)
		}
	})
	t.Run("a verifier without a challenge", func(t *testing.T) {
		c := newRawClient(t, p, "rs256")
		if status, _ := c.token(c.login(url.Values{}), strings.Repeat("v", 43)); status != http.StatusBadRequest {
			t.Errorf("got %d", status)
		}
	})
	// prompt=none beside an essential acr shows a page, and ends the session.
	t.Run("prompt none with an essential acr", func(t *testing.T) {
		c := newRawClient(t, p, "rs256")
		c.login(url.Values{})
		c.params.Set("prompt", "none")
		c.params.Set("claims", `{"id_token":{"acr":{"essential":true,"values":["eidas2"]}}}`)
		if got := c.authorize(); !strings.Contains(got.body, "provider-login") {
			t.Errorf("got %d %v", got.status, got.back)
		}
	})
}

func TestProviderLogout(t *testing.T) {
	p := startProvider(t, []string{rawOrigin})
	c := newRawClient(t, p, "rs256")
	_, tokens := c.token(c.login(url.Values{}), "")
	logout := func(q url.Values) answer {
		r, err := http.NewRequest(http.MethodGet, p.issuer+"/session/end?"+q.Encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return c.do(r)
	}
	q := url.Values{
		"id_token_hint": {tokens["id_token"].(string)}, "state": {strings.Repeat("l", 43)},
		"post_logout_redirect_uri": {rawOrigin + "/elsewhere"},
	}
	if got := logout(q); got.status != http.StatusBadRequest {
		t.Errorf("unregistered: got %d", got.status)
	}
	q.Set("post_logout_redirect_uri", rawOrigin+"/.proconnect/logged-out")
	page := logout(q)
	xsrf := between(page.body, `name="xsrf" value="`, `"`)
	if !strings.Contains(page.body, "form.submit()") || xsrf == "" {
		t.Fatalf("got %s, want a page that needs JavaScript", page.body)
	}
	back := c.post(p.issuer+"/session/end/confirm", url.Values{"xsrf": {xsrf}, "logout": {"yes"}})
	if back.status != http.StatusSeeOther || back.back == nil || !orderedQuery(back.back, "state") {
		t.Errorf("got %d %v, want 303 with the state", back.status, back.back)
	}
	if status, _, _ := c.userinfo(tokens["access_token"].(string)); status == http.StatusOK {
		t.Error("userinfo answers after the logout")
	}
}

// TestProviderTabs: with ProConnect's interaction cookie, which tabs share, tab
// 1 comes back with tab 2's state, and tab 2 ends on a page of the provider.
func TestProviderTabs(t *testing.T) {
	p := startProvider(t, []string{rawOrigin})
	c := newRawClient(t, p, "rs256")
	tab1 := c.authorize()
	second := strings.Repeat("2", 43)
	c.params.Set("state", second)
	tab2 := c.authorize()
	if got := c.post(tab1.at.String(), url.Values{}); got.back == nil || got.back.Query().Get("state") != second {
		t.Errorf("tab 1: got %d %v, want tab 2's state", got.status, got.back)
	}
	if got := c.post(tab2.at.String(), url.Values{}); got.back != nil || got.status < 400 {
		t.Errorf("tab 2: got %d %v, want an error page", got.status, got.back)
	}
}

// between returns what stands between two strings.
func between(s, before, after string) string {
	_, s, _ = strings.Cut(s, before)
	s, _, found := strings.Cut(s, after)
	if !found {
		return ""
	}
	return s
}
