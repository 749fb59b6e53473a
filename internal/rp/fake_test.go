package rp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/forge"
)

const (
	testClient   = "client-0b9c"
	testSecret   = "s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t"
	testCode     = "c0de-c0de-c0de"
	testAccess   = "acc3ss-acc3ss-acc3ss"
	testSubject  = "5f3c1f0e-6a0b-4f63-9a43-0c3b2b0a9d11"
	testNonce    = "n0nce-n0nce-n0nce-n0nce-n0nce-n0nce-n0nce"
	testState    = "st4te-st4te-st4te-st4te-st4te-st4te-st4te"
	testVerifier = "v3rifier-v3rifier-v3rifier-v3rifier-v3rifier"
	testRedirect = "https://docs.example.gouv.fr/.proconnect/callback"
)

var testNow = time.Unix(1_800_000_000, 0)

// RSA keys are slow to make: all tests share them.
var (
	rsaOnce  = sync.OnceValue(func() *rsa.PrivateKey { return forge.RSA(2048) })
	rsaOther = sync.OnceValue(func() *rsa.PrivateKey { return forge.RSA(2048) })
	ecOnce   = sync.OnceValue(func() *ecdsa.PrivateKey { return forge.EC(elliptic.P256()) })
)

// signingKeys makes them.
func signingKeys() { rsaOnce(); rsaOther(); ecOnce() }

// fake is a provider that behaves unless told otherwise.
type fake struct {
	*httptest.Server
	cfg Config
	rp  *Provider

	mu    sync.Mutex
	calls map[string]int
	now   time.Time

	document forge.JSON
	keys     []any // JWKs
	header   forge.JSON
	claims   forge.JSON
	person   forge.JSON
	tokens   forge.JSON

	// Each replaces an endpoint, or a part of an answer.
	onDiscovery, onJWKS, onToken, onUserinfo http.HandlerFunc
	rawIDToken, rawUserinfo                  func() string
	form                                     map[string][]string // of the last token request
}

func newFake(t testing.TB, alg, userinfoAlg string) *fake {
	t.Helper()
	f := new(fake)
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	f.prepare(t, alg, userinfoAlg)
	return f
}

// prepare has a provider whose server runs behave, and makes a relying party of its.
func (f *fake) prepare(t testing.TB, alg, userinfoAlg string) {
	t.Helper()
	t.Cleanup(func() {
		f.CloseClientConnections()
		f.Close()
	})
	f.calls, f.now = make(map[string]int), testNow
	f.cfg = Config{
		Issuer: f.URL + "/api/v2", ClientID: testClient, ClientSecret: testSecret,
		SigningAlg: alg, UserinfoSigningAlg: userinfoAlg, Now: f.clock, Transport: f.cfg.Transport,
	}
	f.document = forge.JSON{
		"issuer": f.cfg.Issuer, "authorization_endpoint": f.URL + "/authorize", "token_endpoint": f.URL + "/token",
		"userinfo_endpoint": f.URL + "/userinfo", "jwks_uri": f.URL + "/jwks", "end_session_endpoint": f.URL + "/end",
		"authorization_response_iss_parameter_supported": true,
	}
	f.keys = []any{forge.RSAKey("r1", rsaOnce()), forge.ECKey("e1", ecOnce())}
	f.header = forge.JSON{"alg": alg, "typ": "JWT"}
	switch alg {
	case RS256:
		f.header["kid"] = "r1"
	case ES256:
		f.header["kid"] = "e1"
	}
	f.claims = forge.JSON{
		"iss": f.cfg.Issuer, "aud": testClient, "sub": testSubject, "nonce": testNonce, "acr": "eidas1", "amr": []string{"pwd"},
		"iat": testNow.Unix(), "exp": testNow.Unix() + 3600, "auth_time": testNow.Unix(), "at_hash": forge.LeftHalf(testAccess),
	}
	f.person = forge.JSON{
		"iss": f.cfg.Issuer, "aud": testClient, "sub": testSubject, "iat": testNow.Unix(), "exp": testNow.Unix() + 3600,
		"email": "Jeanne@example.gouv.fr", "roles": []string{"agent_public"}, "number": json.Number("12345678901234567890"),
	}
	f.tokens = forge.JSON{
		"access_token": testAccess, "refresh_token": "r3fresh", "expires_in": 3600, "scope": "openid", "token_type": "Bearer",
	}
	f.fresh()
}

// fresh makes a relying party that knows nothing yet.
func (f *fake) fresh() { f.rp = New(f.cfg) }

func (f *fake) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fake) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

// change sets fields between requests. A connection that was reset tells the
// race detector nothing of the order of things; the lock does.
func (f *fake) change(set func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	set()
}

func (f *fake) count(path string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[path]
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.calls[r.URL.Path]++
	own := map[string]http.HandlerFunc{
		"/api/v2/.well-known/openid-configuration": f.onDiscovery, "/jwks": f.onJWKS, "/token": f.onToken, "/userinfo": f.onUserinfo,
	}[r.URL.Path]
	f.mu.Unlock()
	if own != nil {
		own(w, r)
		return
	}
	switch r.URL.Path {
	case "/api/v2/.well-known/openid-configuration":
		send(w, "application/json; charset=utf-8", string(f.document.Bytes()))
	case "/jwks":
		send(w, "application/json", string(forge.JSON{"keys": f.keys}.Bytes()))
	case "/token":
		f.serveToken(w, r)
	case "/userinfo":
		f.serveUserinfo(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (f *fake) serveToken(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	f.form = r.PostForm
	t := f.tokens
	if _, set := t["id_token"]; !set {
		t = t.With("id_token", f.idToken())
	}
	send(w, "application/json", string(t.Bytes()))
}

func (f *fake) idToken() string {
	if f.rawIDToken != nil {
		return f.rawIDToken()
	}
	return f.sign(f.header, f.claims.Bytes())
}

func (f *fake) serveUserinfo(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+testAccess || r.Method != http.MethodGet {
		http.Error(w, "", http.StatusUnauthorized)
		return
	}
	if f.rawUserinfo != nil {
		send(w, "application/jwt", f.rawUserinfo())
		return
	}
	if f.cfg.UserinfoSigningAlg == None {
		send(w, "application/json", string(f.person.Bytes()))
		return
	}
	send(w, "application/jwt; charset=utf-8", f.sign(forge.JSON{"alg": f.cfg.UserinfoSigningAlg, "typ": "JWT"}, f.person.Bytes()))
}

func send(w http.ResponseWriter, contentType, body string) {
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write([]byte(body))
}

// sign signs with the fake's keys, as the header's alg says.
func (f *fake) sign(header forge.JSON, payload []byte) string {
	switch header["alg"] {
	case ES256:
		return forge.Token(header, payload, ecOnce())
	case HS256:
		return forge.Token(header, payload, []byte(testSecret))
	}
	return forge.Token(header, payload, rsaOnce())
}

func (f *fake) attempt() Attempt {
	return Attempt{Nonce: testNonce, Verifier: testVerifier, RedirectURI: testRedirect}
}

func (f *fake) response() Response {
	return Response{Code: testCode, State: testState, Iss: f.cfg.Issuer}
}

// finish ends a login, and fails the test if an error gives anything away.
func (f *fake) finish(t testing.TB) (*Result, error) {
	t.Helper()
	return f.finishWith(t, f.response(), f.attempt())
}

func (f *fake) finishWith(t testing.TB, r Response, a Attempt) (*Result, error) {
	t.Helper()
	result, err := f.rp.Finish(t.Context(), r, a)
	if (result == nil) == (err == nil) {
		t.Fatalf("result %v and error %v", result, err)
	}
	if err != nil {
		noSecret(t, err)
	}
	return result, err
}

func noSecret(t testing.TB, err error) {
	t.Helper()
	for _, secret := range []string{
		testSecret, testCode, testAccess, testNonce, testState, testVerifier, testSubject, "eyJ", "r3fresh", "<", "evil",
	} {
		if strings.Contains(err.Error(), secret) || strings.Contains(fmt.Sprintf("%+v", err), secret) {
			t.Errorf("error gives %q away: %v", secret, err)
		}
	}
}

// outcome is what an error must be.
type outcome struct {
	stage  Stage
	kind   Kind
	reason Reason
}

func (want outcome) check(t testing.TB, err error) *Error {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("got error %v, want %v", err, want)
	}
	if got := (outcome{e.Stage, e.Kind, e.Reason}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	return e
}

// calls checks how often the token and userinfo endpoints were called.
func (f *fake) wantCalls(t testing.TB, token, userinfo int) {
	t.Helper()
	if got := f.count("/token"); got != token {
		t.Errorf("token calls: got %d, want %d", got, token)
	}
	if got := f.count("/userinfo"); got != userinfo {
		t.Errorf("userinfo calls: got %d, want %d", got, userinfo)
	}
}
