package proconnect_test

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

// provider is a well-behaved ProConnect in a few lines, for what the sandbox
// cannot do: be reached through a proxy, be down, answer late. It signs with
// HS256 and gives userinfo as plain JSON.
type provider struct {
	*httptest.Server
	t *testing.T

	mu           sync.Mutex
	claims       map[string]any // who logs in
	acr          string
	codes        map[string]url.Values // authorization requests by code
	noEndSession bool
	pad          string // more to carry in the ID token
	issued       string // the last ID token

	// exchanging, where set, is told of each token call, which goes on when it is
	// told in turn.
	exchanging chan chan struct{}
}

const providerSecret = "a-client-secret-of-more-than-32-bytes"

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{t: t, codes: make(map[string]url.Values), acr: "eidas1", claims: map[string]any{
		"sub": "11111111-2222-8333-8444-555555555555", "email": "camille@example.gouv.fr", "given_name": "Camille",
		"usual_name": "Exemple", "siret": "13002526500013", "idp_id": "2f5a3c1e-7d84-4b0e-9c56-0a1b2c3d4e5f",
		"roles": []string{"agent_public"},
	}}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.Close)
	return p
}

// link is the global option for this provider.
func (p *provider) link() string {
	return "proconnect {\n issuer " + p.URL + "\n client_id client\n client_secret " + providerSecret +
		"\n signing_alg HS256\n userinfo_signing_alg none\n session {\n secret " + sessionSecret + "\n }\n }"
}

func (p *provider) serve(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		p.discovery(w)
	case "/authorize":
		p.authorize(w, r)
	case "/token":
		p.token(w, r)
	case "/userinfo":
		p.json(w, p.claims)
	default:
		http.NotFound(w, r)
	}
}

func (p *provider) discovery(w http.ResponseWriter) {
	doc := map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
		"userinfo_endpoint": p.URL + "/userinfo", "jwks_uri": p.URL + "/jwks",
		"authorization_response_iss_parameter_supported": true,
	}
	if !p.noEndSession {
		doc["end_session_endpoint"] = p.URL + "/end-session"
	}
	p.json(w, doc)
}

func (p *provider) json(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (p *provider) authorize(w http.ResponseWriter, r *http.Request) {
	query, code := r.URL.Query(), rand.Text()
	p.codes[code] = query
	back := url.Values{"code": {code}, "state": {query.Get("state")}, "iss": {p.URL}}
	http.Redirect(w, r, query.Get("redirect_uri")+"?"+back.Encode(), http.StatusSeeOther)
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	request, known := p.codes[r.FormValue("code")]
	if !known || r.FormValue("redirect_uri") != request.Get("redirect_uri") {
		p.t.Error("token call with a wrong code or redirect_uri")
		http.Error(w, "", http.StatusBadRequest)
		return
	}
	delete(p.codes, r.FormValue("code"))
	if p.exchanging != nil {
		serveNext := make(chan struct{})
		p.mu.Unlock()
		p.exchanging <- serveNext
		<-serveNext
		p.mu.Lock()
	}
	now := time.Now().Unix()
	p.issued = p.sign(map[string]any{
		"iss": p.URL, "aud": "client", "sub": p.claims["sub"], "iat": now, "exp": now + 3600,
		"nonce": request.Get("nonce"), "acr": p.acr, "amr": []string{"pwd"}, "pad": p.pad,
	})
	p.json(w, map[string]any{
		"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 3600, "id_token": p.issued,
	})
}

// sign makes a JWT (RFC 7515 §3.1) of HS256.
func (p *provider) sign(claims map[string]any) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		p.t.Error(err)
	}
	signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." +
		base64.RawURLEncoding.EncodeToString(payload)
	mac := hmac.New(sha256.New, []byte(providerSecret))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// loginAt logs in at a provider that asks nothing, and returns the answer at
// the end of the way.
func (b *browser) loginAt(target string, headers ...string) answer {
	b.t.Helper()
	a := b.get("/.proconnect/login?return_to="+url.QueryEscape(target), headers...)
	for range 6 {
		if a.StatusCode != http.StatusSeeOther {
			return a
		}
		a = b.get(a.location(), headers...)
	}
	b.t.Fatal("redirected in a loop")
	return a
}
