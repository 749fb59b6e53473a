package rp

import (
	"net/url"
	"reflect"
	"strings"
	"testing"
)

func goodRequest() AuthorizationRequest {
	return AuthorizationRequest{
		RedirectURI: testRedirect, State: testState, Nonce: testNonce, Verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
		Scopes: []string{"openid", "email"},
	}
}

func TestAuthorizationURL(t *testing.T) {
	plain := url.Values{
		"response_type": {"code"}, "client_id": {testClient}, "redirect_uri": {testRedirect}, "scope": {"openid email"},
		"state": {testState}, "nonce": {testNonce}, "claims": {`{"id_token":{"acr":null,"amr":null}}`},
		// RFC 7636 appendix B
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
	}
	for name, row := range map[string]struct {
		change func(*AuthorizationRequest)
		want   map[string]string
	}{
		"plain":     {func(*AuthorizationRequest) {}, nil},
		"no openid": {func(r *AuthorizationRequest) { r.Scopes = []string{"email"} }, nil},
		"silent":    {func(r *AuthorizationRequest) { r.Prompt = "none" }, map[string]string{"prompt": "none"}},
		"hints": {
			func(r *AuthorizationRequest) {
				r.IDPHint, r.SiretHint, r.LoginHint = "71144ab3", "13002526500013", "a@b.fr"
			},
			map[string]string{"idp_hint": "71144ab3", "siret_hint": "13002526500013", "login_hint": "a@b.fr"},
		},
		"acr": {
			func(r *AuthorizationRequest) { r.ACRValues = []string{"eidas2", "eidas3"} },
			map[string]string{"claims": `{"id_token":{"acr":{"essential":true,"values":["eidas2","eidas3"]},"amr":null}}`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, RS256, RS256)
			f.document = f.document.With("authorization_endpoint", f.URL+"/authorize?tenant=1&state=theirs")
			r := goodRequest()
			row.change(&r)
			got, err := f.rp.AuthorizationURL(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			u, _ := url.Parse(got)
			want := url.Values{"tenant": {"1"}}
			for name, values := range plain {
				want[name] = values
			}
			for name, value := range row.want {
				want.Set(name, value)
			}
			if !reflect.DeepEqual(u.Query(), want) || u.Path != "/authorize" {
				t.Errorf("got %v, want %v", u.Query(), want)
			}
		})
	}
}

// ProConnect answers these with a page of its own, or by ending the session.
func TestAuthorizationURLRefuses(t *testing.T) {
	for name, change := range map[string]func(*AuthorizationRequest){
		"no redirect":     func(r *AuthorizationRequest) { r.RedirectURI = "" },
		"short state":     func(r *AuthorizationRequest) { r.State = strings.Repeat("s", 31) },
		"short nonce":     func(r *AuthorizationRequest) { r.Nonce = "" },
		"long nonce":      func(r *AuthorizationRequest) { r.Nonce = strings.Repeat("n", 513) },
		"nonce not ASCII": func(r *AuthorizationRequest) { r.Nonce = strings.Repeat("é", 32) },
		"short verifier":  func(r *AuthorizationRequest) { r.Verifier = "v" },
		"select_account":  func(r *AuthorizationRequest) { r.Prompt = "select_account" },
		"none and acr":    func(r *AuthorizationRequest) { r.Prompt, r.ACRValues = "none", []string{"eidas2"} },
		"none and idp":    func(r *AuthorizationRequest) { r.Prompt, r.IDPHint = "none", "x" },
		"none and login":  func(r *AuthorizationRequest) { r.Prompt, r.LoginHint = "none", "a@b.fr" },
		"siret":           func(r *AuthorizationRequest) { r.SiretHint = "1300252650001" },
		"login":           func(r *AuthorizationRequest) { r.LoginHint = "jeanne" },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, RS256, RS256)
			r := goodRequest()
			change(&r)
			if u, err := f.rp.AuthorizationURL(t.Context(), r); err == nil {
				t.Errorf("got %s", u)
			}
		})
	}
}

func TestEndSessionURL(t *testing.T) {
	t.Run("no endpoint", func(t *testing.T) {
		f := newFake(t, RS256, RS256)
		f.document = f.document.With("end_session_endpoint", nil)
		_, err := f.rp.EndSessionURL(t.Context(), "", testRedirect, testState)
		outcome{StageLogout, Unavailable, ReasonNoEndSession}.check(t, err)
	})
	t.Run("short state", func(t *testing.T) {
		f := newFake(t, RS256, RS256)
		if got, err := f.rp.EndSessionURL(t.Context(), "", testRedirect, "s"); err == nil {
			t.Errorf("got %s", got)
		}
	})
}
