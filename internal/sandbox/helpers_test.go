package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	testIssuer   = "https://sandbox.invalid"
	testClient   = "client"
	testSecret   = "0123456789abcdef0123456789abcdef"
	testState    = "state-0123456789-0123456789-0123456789"
	testNonce    = "nonce-0123456789-0123456789-0123456789"
	testRedirect = "http://localhost:8080/.proconnect/callback"

	// RFC 7636 appendix B.
	testVerifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	testChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// clock is set by hand.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newServer(t *testing.T, change func(*Config)) *Server {
	t.Helper()
	cfg := Config{Issuer: testIssuer, ClientID: testClient, ClientSecret: testSecret}
	if change != nil {
		change(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// browser keeps the sandbox's cookie and follows nothing.
type browser struct {
	t      *testing.T
	server *Server
	cookie *http.Cookie
}

func (b *browser) do(method, target string, form url.Values) *http.Response {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequestWithContext(b.t.Context(), method, target, body)
	r.Host = "localhost:8080" // the site's
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	w := httptest.NewRecorder()
	b.server.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		b.cookie = c
		if c.MaxAge < 0 {
			b.cookie = nil
		}
	}
	return w.Result()
}

// request is a well-formed authorization request, changed by pairs of name and
// value; an empty value removes the parameter.
func request(pairs ...string) url.Values {
	v := url.Values{
		"client_id": {testClient}, "response_type": {"code"}, "redirect_uri": {testRedirect}, "state": {testState}, "nonce": {testNonce},
		"scope":          {"openid given_name usual_name email uid siret idp_id roles organization_label"},
		"code_challenge": {testChallenge}, "code_challenge_method": {"S256"},
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			v.Del(pairs[i])
		}
	}
	return v
}

func (b *browser) authorize(v url.Values) *http.Response {
	b.t.Helper()
	return b.do("GET", "/authorize?"+v.Encode(), nil)
}

// login posts the form with the fields given; "-" as a field's value sends it empty.
func (b *browser) login(v url.Values, fields ...string) *http.Response {
	b.t.Helper()
	form := url.Values{}
	for name, values := range v {
		form[name] = values
	}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], strings.TrimSuffix(fields[i+1], "-"))
	}
	return b.do("POST", "/authorize", form)
}

// answer is the query that the browser brings back to the site.
func answer(t *testing.T, res *http.Response) url.Values {
	t.Helper()
	u, err := url.Parse(leads(res))
	if err != nil || u.Host == "" {
		t.Fatalf("want an answer for the site, got %d %v: %s", res.StatusCode, err, text(t, res))
	}
	return u.Query()
}

// leads is where an answer sends the browser, by a redirect or by a page that goes on.
func leads(res *http.Response) string {
	if next, ok := strings.CutPrefix(res.Header.Get("Refresh"), "0; url="); ok {
		return next
	}
	return res.Header.Get("Location")
}

func text(t *testing.T, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (b *browser) client() *http.Client { return &http.Client{Transport: b.server.Transport()} }

// exchange posts to the token endpoint, with changes as in request.
func (b *browser) exchange(code string, pairs ...string) (int, map[string]any) {
	b.t.Helper()
	v := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {testRedirect}, "code_verifier": {testVerifier},
		"client_id": {testClient}, "client_secret": {testSecret},
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			v.Del(pairs[i])
		}
	}
	res, err := b.client().PostForm(testIssuer+"/token", v)
	if err != nil {
		b.t.Fatal(err)
	}
	return res.StatusCode, object(b.t, text(b.t, res))
}

func (b *browser) userinfo(accessToken string) (*http.Response, string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), "GET", testIssuer+"/userinfo", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+accessToken)
	res, err := b.client().Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	return res, text(b.t, res)
}

// claims finishes a login whose answer is res: the ID token's claims and userinfo's.
func (b *browser) claims(res *http.Response) (idToken, userinfo map[string]any) {
	b.t.Helper()
	status, tokens := b.exchange(answer(b.t, res).Get("code"))
	if status != http.StatusOK {
		b.t.Fatalf("token: %d %v", status, tokens)
	}
	_, idToken = b.verify(b.server.cfg.SigningAlg, tokens["id_token"].(string))
	info, body := b.userinfo(tokens["access_token"].(string))
	if info.StatusCode != http.StatusOK {
		b.t.Fatalf("userinfo: %d %s", info.StatusCode, body)
	}
	if b.server.cfg.UserinfoSigningAlg == "none" {
		return idToken, object(b.t, body)
	}
	_, userinfo = b.verify(b.server.cfg.UserinfoSigningAlg, body)
	return idToken, userinfo
}

// verify checks a signature as a relying party would, with the published keys.
func (b *browser) verify(alg, token string) (jose.Header, map[string]any) {
	b.t.Helper()
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	if err != nil {
		b.t.Fatal(err)
	}
	header := jws.Signatures[0].Header
	var key any = []byte(testSecret)
	if alg != "HS256" {
		res, err := b.client().Get(testIssuer + "/jwks")
		if err != nil {
			b.t.Fatal(err)
		}
		var set jose.JSONWebKeySet
		if err := json.NewDecoder(res.Body).Decode(&set); err != nil {
			b.t.Fatal(err)
		}
		keys := set.Key(header.KeyID)
		if len(keys) != 1 || !keys[0].IsPublic() {
			b.t.Fatalf("kid %q: want one public key, got %d", header.KeyID, len(keys))
		}
		key = keys[0]
	}
	payload, err := jws.Verify(key)
	if err != nil {
		b.t.Fatal(err)
	}
	return header, object(b.t, string(payload))
}

func object(t *testing.T, s string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(s), &m); err != nil {
		t.Fatalf("%v in %s", err, s)
	}
	return m
}
