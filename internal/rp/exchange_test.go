package rp

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/forge"
)

func TestTokenRequest(t *testing.T) {
	f := newFake(t, RS256, RS256)
	var method, contentType, authorization string
	f.onToken = func(w http.ResponseWriter, r *http.Request) {
		method, contentType, authorization = r.Method, r.Header.Get("Content-Type"), r.Header.Get("Authorization")
		f.serveToken(w, r)
	}
	if _, err := f.finish(t); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"grant_type": {"authorization_code"}, "code": {testCode}, "redirect_uri": {testRedirect},
		"code_verifier": {testVerifier}, "client_id": {testClient}, "client_secret": {testSecret},
	}
	if !reflect.DeepEqual(f.form, want) {
		t.Errorf("form: got %v", f.form)
	}
	if method != http.MethodPost || contentType != "application/x-www-form-urlencoded" || authorization != "" {
		t.Errorf("got %s, %q, Authorization %q", method, contentType, authorization)
	}
}

// With GetBody, net/http sends a request a second time where a connection dies
// under it: the code would come twice, and ProConnect revoke the tokens.
func TestTokenRequestCannotBeRepeated(t *testing.T) {
	p := offlineProvider()
	req, err := p.tokenRequest(t.Context(), &metadata{token: "https://example.gouv.fr/token"}, testCode, Attempt{Verifier: testVerifier, RedirectURI: testRedirect})
	if err != nil {
		t.Fatal(err)
	}
	if req.GetBody != nil {
		t.Error("the body can be had again")
	}
	body, err := io.ReadAll(req.Body)
	if err != nil || req.ContentLength != int64(len(body)) || req.ContentLength == 0 {
		t.Errorf("a body of %d bytes is announced as %d, %v", len(body), req.ContentLength, err)
	}
}

func jsonStatus(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}

// The code is sent once, whatever comes back: a second time would revoke the
// tokens of the first.
func TestTokenAnswers(t *testing.T) {
	rows := answers(StageToken)
	for _, name := range []string{"empty", "list", "null"} {
		row := rows[name]
		row.want.kind = Invalid
		rows[name] = row
	}
	for name, row := range map[string]struct {
		serve http.HandlerFunc
		want  outcome
	}{
		"400 error":          {jsonStatus(400, `{"error":"invalid_request"}`), outcome{StageToken, Refused, ReasonRefused}},
		"400 unknown error":  {jsonStatus(400, `{"error":"<evil>"}`), outcome{StageToken, Refused, ReasonRefused}},
		"200 error":          {jsonStatus(200, `{"error":"invalid_grant","access_token":"x"}`), outcome{StageToken, Invalid, ReasonInvalidGrant}},
		"invalid_grant":      {jsonStatus(400, `{"error":"invalid_grant"}`), outcome{StageToken, Invalid, ReasonInvalidGrant}},
		"invalid_client 401": {jsonStatus(401, `{"error":"invalid_client"}`), outcome{StageToken, Misconfigured, ReasonInvalidClient}},
		"invalid_client 400": {jsonStatus(400, `{"error":"invalid_client"}`), outcome{StageToken, Misconfigured, ReasonInvalidClient}},
		"unauthorized":       {jsonStatus(400, `{"error":"unauthorized_client"}`), outcome{StageToken, Misconfigured, ReasonRefused}},
		"server_error 500":   {jsonStatus(500, `{"error":"server_error"}`), outcome{StageToken, Refused, ReasonSessionGone}},
		"server_error 400":   {jsonStatus(400, `{"error":"server_error"}`), outcome{StageToken, Refused, ReasonSessionGone}},
		"301":                {jsonRedirect(301), outcome{StageToken, Unavailable, ReasonRedirect}},
		"302":                {jsonRedirect(302), outcome{StageToken, Unavailable, ReasonRedirect}},
		"303":                {jsonRedirect(303), outcome{StageToken, Unavailable, ReasonRedirect}},
		"308":                {jsonRedirect(308), outcome{StageToken, Unavailable, ReasonRedirect}},
		"429":                {jsonStatus(429, ""), outcome{StageToken, Unavailable, ReasonStatus}},
	} {
		rows[name] = row
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			answeredBy(t, name, RS256, RS256, func(t *testing.T, f *fake) {
				f.onToken = row.serve
				_, err := f.finish(t)
				row.want.check(t, err)
				f.wantCalls(t, 1, 0)
				if n := f.count("/elsewhere"); n != 0 {
					t.Error("redirect followed")
				}
			})
		})
	}
}

func jsonRedirect(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", code) }
}

func TestTokenMembers(t *testing.T) {
	for name, row := range map[string]struct {
		member string
		value  any
		want   Reason
	}{
		"no access token":       {"access_token", nil, ReasonAccessToken},
		"access token empty":    {"access_token", "", ReasonAccessToken},
		"access token object":   {"access_token", forge.JSON{}, ReasonAccessToken},
		"access token CRLF":     {"access_token", "a\r\nX-Evil: 1", ReasonAccessToken},
		"no token type":         {"token_type", nil, ReasonTokenType},
		"token type mac":        {"token_type", "mac", ReasonTokenType},
		"token type DPoP":       {"token_type", "DPoP", ReasonTokenType},
		"token type list":       {"token_type", []string{"Bearer"}, ReasonTokenType},
		"token type bEARER":     {"token_type", "bEARER", ""},
		"id token null":         {"id_token", json.RawMessage("null"), ReasonIDTokenMissing},
		"id token empty":        {"id_token", "", ReasonIDTokenMissing},
		"id token object":       {"id_token", forge.JSON{}, ReasonIDTokenMissing},
		"expires_in absent":     {"expires_in", nil, ""},
		"expires_in string":     {"expires_in", "3600", ""},
		"access_token and case": {"Access_token", "other", ReasonJSON},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, RS256, RS256)
			f.tokens = f.tokens.With(row.member, row.value)
			_, err := f.finish(t)
			if row.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			outcome{StageToken, Invalid, row.want}.check(t, err)
			f.wantCalls(t, 1, 0)
		})
	}
}

func TestTokenWithoutIDToken(t *testing.T) {
	f := newFake(t, RS256, RS256)
	f.onToken = content("application/json", string(f.tokens.Bytes()))
	_, err := f.finish(t)
	outcome{StageToken, Invalid, ReasonIDTokenMissing}.check(t, err)
	f.wantCalls(t, 1, 0)
}

func TestTokenSize(t *testing.T) {
	f := newFake(t, RS256, RS256)
	f.tokens = f.tokens.With("refresh_token", strings.Repeat("r", 2<<20))
	_, err := f.finish(t)
	outcome{StageToken, Unavailable, ReasonTooLarge}.check(t, err)
	f.wantCalls(t, 1, 0)
}
