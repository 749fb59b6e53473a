package caddytest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Provider is a well-behaved ProConnect in a few lines, for what the sandbox
// cannot do: be reached through a proxy, be down, answer late. It signs with
// HS256 and gives userinfo as plain JSON.
type Provider struct {
	*httptest.Server
	t testing.TB

	Mu           sync.Mutex            // guards what follows, once requests come
	Claims       map[string]any        // who logs in
	ACR          string                // the level of every login
	Codes        map[string]url.Values // authorization requests by code
	NoEndSession bool                  // discovery names no end_session_endpoint
	Pad          string                // more to carry in the ID token
	Issued       string                // the last ID token

	// Exchanging, where set, is told of each token call, which goes on when it is
	// told in turn.
	Exchanging chan chan struct{}
}

// ClientSecret is what Provider has given to its one client.
const ClientSecret = "a-client-secret-of-more-than-32-bytes"

// NewProvider starts a provider for a test.
func NewProvider(t testing.TB) *Provider {
	t.Helper()
	p := &Provider{t: t, Codes: make(map[string]url.Values), ACR: "eidas1", Claims: map[string]any{
		"sub": "11111111-2222-8333-8444-555555555555", "email": "camille@example.gouv.fr", "given_name": "Camille",
		"usual_name": "Exemple", "siret": "13002526500013", "idp_id": "2f5a3c1e-7d84-4b0e-9c56-0a1b2c3d4e5f",
		"roles": []string{"agent_public"},
	}}
	p.Server = httptest.NewServer(http.HandlerFunc(p.Serve))
	t.Cleanup(p.Close)
	return p
}

// Option is the global option for this provider.
func (p *Provider) Option() string {
	return "proconnect {\n issuer " + p.URL + "\n client_id client\n client_secret " + ClientSecret +
		"\n signing_alg HS256\n userinfo_signing_alg none\n session {\n secret " + SessionSecret + "\n }\n }"
}

// Serve answers for the provider. A test may answer before it.
func (p *Provider) Serve(w http.ResponseWriter, r *http.Request) {
	p.Mu.Lock()
	defer p.Mu.Unlock()
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		p.discovery(w)
	case "/authorize":
		p.authorize(w, r)
	case "/token":
		p.token(w, r)
	case "/userinfo":
		p.json(w, p.Claims)
	default:
		http.NotFound(w, r)
	}
}

func (p *Provider) discovery(w http.ResponseWriter) {
	doc := map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
		"userinfo_endpoint": p.URL + "/userinfo", "jwks_uri": p.URL + "/jwks",
		"authorization_response_iss_parameter_supported": true,
	}
	if !p.NoEndSession {
		doc["end_session_endpoint"] = p.URL + "/end-session"
	}
	p.json(w, doc)
}

func (p *Provider) json(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	query, code := r.URL.Query(), rand.Text()
	p.Codes[code] = query
	back := url.Values{"code": {code}, "state": {query.Get("state")}, "iss": {p.URL}}
	http.Redirect(w, r, query.Get("redirect_uri")+"?"+back.Encode(), http.StatusSeeOther)
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	request, known := p.Codes[r.FormValue("code")]
	if !known || r.FormValue("redirect_uri") != request.Get("redirect_uri") {
		p.t.Error("token call with a wrong code or redirect_uri")
		http.Error(w, "", http.StatusBadRequest)
		return
	}
	delete(p.Codes, r.FormValue("code"))
	if p.Exchanging != nil {
		goOn := make(chan struct{})
		p.Mu.Unlock()
		p.Exchanging <- goOn
		<-goOn
		p.Mu.Lock()
	}
	now := time.Now().Unix()
	p.Issued = p.sign(map[string]any{
		"iss": p.URL, "aud": "client", "sub": p.Claims["sub"], "iat": now, "exp": now + 3600,
		"nonce": request.Get("nonce"), "acr": p.ACR, "amr": []string{"pwd"}, "pad": p.Pad,
	})
	p.json(w, map[string]any{
		"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 3600, "id_token": p.Issued,
	})
}

// sign makes a JWT (RFC 7515 §3.1) of HS256.
func (p *Provider) sign(claims map[string]any) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		p.t.Error(err)
	}
	signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." +
		base64.RawURLEncoding.EncodeToString(payload)
	mac := hmac.New(sha256.New, []byte(ClientSecret))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// SessionSecret seals the sessions of tests that make cookies of their own.
const SessionSecret = "2CkLVDxd0S1fHVFYVY5ZtwxkYZCFn3dXKDTbZfDl3Ug="
