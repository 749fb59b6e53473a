package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTokens(t *testing.T) {
	for _, alg := range signingAlgs {
		for _, infoAlg := range append([]string{"none"}, signingAlgs...) {
			t.Run(alg+" "+infoAlg, func(t *testing.T) {
				c := &clock{time.Unix(1_800_000_000, 0)}
				b := &browser{t: t, server: newServer(t, func(cfg *Config) {
					cfg.SigningAlg, cfg.UserinfoSigningAlg, cfg.Now = alg, infoAlg, c.now
				})}
				status, tokens := b.exchange(answer(t, b.login(request())).Get("code"))
				access, _ := tokens["access_token"].(string)
				if status != http.StatusOK || access == "" || tokens["refresh_token"] == "" || tokens["refresh_token"] == nil ||
					tokens["token_type"] != "Bearer" || tokens["expires_in"] != 3600.0 || tokens["scope"] != request().Get("scope") {
					t.Fatalf("got %d %v", status, tokens)
				}
				header, claims := b.verify(alg, tokens["id_token"].(string))
				if header.ExtraHeaders["typ"] != "JWT" || (header.KeyID == "") != (alg == "HS256") {
					t.Errorf("header: %v", header)
				}
				half := sha256.Sum256([]byte(access))
				want := map[string]any{
					"iss": testIssuer, "aud": testClient, "nonce": testNonce, "sub": presets[0].person.subject(),
					"iat": 1.8e9, "exp": 1.8e9 + 3600, "auth_time": 1.8e9, "at_hash": base64.RawURLEncoding.EncodeToString(half[:16]),
				}
				if fmt.Sprint(claims) != fmt.Sprint(want) { // and so neither acr nor amr
					t.Errorf("got %v, want %v", claims, want)
				}
				checkUserinfo(t, b, infoAlg, access, claims["sub"])
			})
		}
	}
}

func checkUserinfo(t *testing.T, b *browser, alg, access string, sub any) {
	t.Helper()
	res, body := b.userinfo(access)
	if alg == "none" {
		info := object(t, body)
		if res.Header.Get("Content-Type") != "application/json; charset=utf-8" || info["sub"] != sub || info["aud"] != nil {
			t.Errorf("userinfo: %v", info)
		}
		return
	}
	if res.Header.Get("Content-Type") != "application/jwt; charset=utf-8" {
		t.Errorf("userinfo: %s", res.Header.Get("Content-Type"))
	}
	_, info := b.verify(alg, body)
	if info["sub"] != sub || info["iss"] != testIssuer || info["aud"] != testClient || info["iat"] != 1.8e9 || info["exp"] != 1.8e9+3600 {
		t.Errorf("userinfo: %v", info)
	}
}

func TestIDTokenClaimsAskedFor(t *testing.T) {
	tests := []struct {
		name, claims, prompt string
		acr, amr             string
		authTime             bool
	}{
		{"nothing", "", "", "<nil>", "<nil>", true},
		{"acr", `{"id_token":{"acr":null}}`, "", "eidas1-mfa", "<nil>", true},
		{"both", `{"id_token":{"acr":null,"amr":null}}`, "", "eidas1-mfa", "[pwd otp]", true},
		{"essential", essential("eidas1-mfa"), "", "eidas1-mfa", "[pwd otp]", true},
		{"in userinfo only", `{"userinfo":{"acr":null}}`, "", "<nil>", "<nil>", true},
		{"consent hides auth_time", "", "consent", "<nil>", "<nil>", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &browser{t: t, server: newServer(t, nil)}
			got, _ := b.claims(b.login(request("claims", tt.claims, "prompt", tt.prompt), "person", "mfa"))
			if fmt.Sprint(got["acr"]) != tt.acr || fmt.Sprint(got["amr"]) != tt.amr || (got["auth_time"] != nil) != tt.authTime {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestTokenEndpointRefuses(t *testing.T) {
	tests := []struct {
		name      string
		challenge string // of the authorization request
		change    []string
		status    int
		err       string
	}{
		{"no secret", testChallenge, []string{"client_secret", ""}, 401, "invalid_client"},
		{"wrong secret", testChallenge, []string{"client_secret", "wrong"}, 401, "invalid_client"},
		{"other client", testChallenge, []string{"client_id", "other"}, 401, "invalid_client"},
		{"no code", testChallenge, []string{"code", ""}, 400, "invalid_request"},
		{"unknown code", testChallenge, []string{"code", "unknown"}, 400, "invalid_grant"},
		{"no redirect_uri", testChallenge, []string{"redirect_uri", ""}, 400, "invalid_request"},
		{"other redirect_uri", testChallenge, []string{"redirect_uri", testRedirect + "/"}, 400, "invalid_grant"},
		{"no verifier", testChallenge, []string{"code_verifier", ""}, 400, "invalid_grant"},
		{"wrong verifier", testChallenge, []string{"code_verifier", strings.Repeat("v", 43)}, 400, "invalid_grant"},
		{"the challenge as verifier", testChallenge, []string{"code_verifier", testChallenge}, 400, "invalid_grant"},
		{"malformed verifier", testChallenge, []string{"code_verifier", "short"}, 400, "invalid_request"},
		{"a verifier without a challenge", "", nil, 400, "invalid_grant"},
		{"other grant", testChallenge, []string{"grant_type", "client_credentials"}, 400, "unsupported_grant_type"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &browser{t: t, server: newServer(t, nil)}
			v := request()
			if tt.challenge == "" {
				v = request("code_challenge", "", "code_challenge_method", "")
			}
			code := answer(t, b.login(v)).Get("code")
			status, body := b.exchange(code, tt.change...)
			if status != tt.status || body["error"] != tt.err || body["access_token"] != nil {
				t.Errorf("got %d %v", status, body)
			}
		})
	}
	t.Run("no PKCE at all", func(t *testing.T) {
		b := &browser{t: t, server: newServer(t, nil)}
		code := answer(t, b.login(request("code_challenge", "", "code_challenge_method", ""))).Get("code")
		if status, body := b.exchange(code, "code_verifier", ""); status != http.StatusOK {
			t.Errorf("got %d %v", status, body)
		}
	})
}

// A library that probes Basic first is refused, and has lost its code.
func TestBasicBurnsTheCode(t *testing.T) {
	b := &browser{t: t, server: newServer(t, nil)}
	code := answer(t, b.login(request())).Get("code")
	body := strings.NewReader("grant_type=authorization_code&code=" + code)
	r, err := http.NewRequestWithContext(t.Context(), "POST", testIssuer+"/token", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(testClient, testSecret)
	res, err := b.client().Do(r)
	if err != nil || res.StatusCode != http.StatusUnauthorized {
		t.Fatalf("got %v %v", res, err)
	}
	if got := object(t, text(t, res)); got["error"] != "invalid_client" {
		t.Errorf("got %v", got)
	}
	if status, body := b.exchange(code); status != http.StatusBadRequest || body["error"] != "invalid_grant" {
		t.Errorf("afterwards: %d %v", status, body)
	}
}

func TestReuseRevokes(t *testing.T) {
	b := &browser{t: t, server: newServer(t, nil)}
	code := answer(t, b.login(request())).Get("code")
	_, tokens := b.exchange(code)
	access := tokens["access_token"].(string)
	if res, body := b.userinfo(access); res.StatusCode != http.StatusOK {
		t.Fatalf("userinfo: %d %s", res.StatusCode, body)
	}
	if status, body := b.exchange(code); status != http.StatusBadRequest || body["error"] != "invalid_grant" {
		t.Errorf("reuse: %d %v", status, body)
	}
	res, body := b.userinfo(access)
	if res.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(res.Header.Get("WWW-Authenticate"), "Bearer ") {
		t.Errorf("userinfo after reuse: %d %s", res.StatusCode, body)
	}
}

func TestLifetimes(t *testing.T) {
	c := &clock{time.Unix(1_800_000_000, 0)}
	b := &browser{t: t, server: newServer(t, func(cfg *Config) { cfg.Now = c.now })}
	late := answer(t, b.login(request())).Get("code")
	c.t = c.t.Add(codeLifetime - time.Second)
	if status, body := b.exchange(late); status != http.StatusOK {
		t.Errorf("code just in time: %d %v", status, body)
	}
	expired := answer(t, b.login(request())).Get("code")
	c.t = c.t.Add(codeLifetime)
	if status, _ := b.exchange(expired); status != http.StatusBadRequest {
		t.Errorf("expired code: %d", status)
	}
	_, tokens := b.exchange(answer(t, b.login(request())).Get("code"))
	c.t = c.t.Add(tokenLifetime)
	if res, _ := b.userinfo(tokens["access_token"].(string)); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("expired token: %d", res.StatusCode)
	}
	c.t = c.t.Add(sessionLifetime)
	if q := answer(t, b.authorize(request("prompt", "none"))); q.Get("error") != "login_required" {
		t.Errorf("expired session: %v", q)
	}
}

// Userinfo and the token endpoint depend on the live session.
func TestAfterLogout(t *testing.T) {
	b := &browser{t: t, server: newServer(t, nil)}
	_, tokens := b.exchange(answer(t, b.login(request())).Get("code"))
	pending := answer(t, b.authorize(request())).Get("code")
	b.do("GET", "/end-session", nil)
	if res, body := b.userinfo(tokens["access_token"].(string)); res.StatusCode != http.StatusInternalServerError || !strings.Contains(body, "server_error") {
		t.Errorf("userinfo: %d %s", res.StatusCode, body)
	}
	if status, body := b.exchange(pending); status != http.StatusInternalServerError || body["error"] != "server_error" {
		t.Errorf("token: %d %v", status, body)
	}
}

func TestTransport(t *testing.T) {
	b := &browser{t: t, server: newServer(t, nil)}
	tests := []struct {
		name, method, url string
		want              int // 0: an error
	}{
		{"discovery", "GET", testIssuer + "/.well-known/openid-configuration", 200},
		{"keys", "GET", testIssuer + "/jwks", 200},
		{"token by GET", "GET", testIssuer + "/token", 405},
		{"discovery by POST", "POST", testIssuer + "/.well-known/openid-configuration", 405},
		{"userinfo without a token", "GET", testIssuer + "/userinfo", 401},
		{"what browsers use", "GET", testIssuer + "/authorize?" + request().Encode(), 404},
		{"another host", "GET", "https://fca.integ01.dev-agentconnect.fr/api/v2/jwks", 0},
		{"another scheme", "GET", "http://sandbox.invalid/jwks", 0},
		{"another port", "GET", "https://sandbox.invalid:8443/jwks", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), tt.method, tt.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := b.client().Do(r)
			if tt.want == 0 {
				if err == nil {
					t.Errorf("answered %d", res.StatusCode)
				}
				return
			}
			if err != nil || res.StatusCode != tt.want || res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("got %v %v", res, err)
			}
		})
	}
}

func TestDiscovery(t *testing.T) {
	const issuer = "https://sandbox.invalid/api/v2"
	s := newServer(t, func(cfg *Config) { cfg.Issuer = issuer })
	res, err := (&http.Client{Transport: s.Transport()}).Get(issuer + "/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	got := object(t, text(t, res))
	for name, want := range map[string]any{
		"issuer": issuer, "authorization_endpoint": issuer + "/authorize", "token_endpoint": issuer + "/token", "jwks_uri": issuer + "/jwks",
		"userinfo_endpoint": issuer + "/userinfo", "end_session_endpoint": issuer + "/end-session",
		"authorization_response_iss_parameter_supported": true,
	} {
		if got[name] != want {
			t.Errorf("%s: got %v", name, got[name])
		}
	}
	if methods := got["token_endpoint_auth_methods_supported"].([]any); !slices.Equal(methods, []any{"client_secret_post"}) {
		t.Errorf("got %v", methods)
	}
}
