package provider_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// misbehaving is a ProConnect that misbehaves on demand. It has many clients,
// each with endpoints, calls and misconduct of its own, and by itself it does all
// that a good provider does: one-time codes, exact redirect URIs, PKCE, secrets.
type misbehaving struct {
	URL    string
	server *http.Server

	mu      sync.Mutex
	clients map[string]*registeredClient
	secrets map[string]string // whatever nobody may read in a log, and what it is
}

// registeredClient is one client registered at the provider, and the site that uses it.
type registeredClient struct {
	p           *misbehaving
	name        string
	issuer      string
	alg         string
	userinfoAlg string
	site        string // as the browser's address bar has it, ports unfilled
	options     string // further lines of the gate

	mu     sync.Mutex
	wrong  misconduct
	counts map[string]int
	logins map[string]*providerLogin // by code and by access token
	last   *providerLogin
}

// providerLogin is what the provider knows of one login.
type providerLogin struct {
	client    *registeredClient
	request   url.Values // of the authorization request
	before    url.Values // of the client's login before
	code      string
	access    string
	refresh   string
	idToken   string // as sent last
	exchanged int    // how often the code came
}

// misconduct is what a provider does otherwise than it should. What is nil is
// done right.
type misconduct struct {
	id, info tokenChanges                   // the ID token; userinfo, when it is signed
	answer   func(url.Values)               // the query at the callback
	reply    map[string]func(*pendingReply) // an endpoint's answer
	raw      map[string]http.HandlerFunc    // an endpoint as a whole
}

// tokenChanges is what to change of a token before, or after, it is signed.
type tokenChanges struct {
	header  func(jsonObject)
	claims  func(jsonObject, *providerLogin)
	payload func(string) string
	whole   func(token string, g *providerLogin) string
}

// pendingReply is an answer that is about to be sent.
type pendingReply struct {
	status int
	media  string
	head   http.Header
	body   string
}

// jsonObject is a JSON object.
type jsonObject map[string]any

func (d jsonObject) String() string {
	b, err := json.Marshal(d)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func (d jsonObject) with(kv ...any) jsonObject {
	d = maps.Clone(d)
	for i := 0; i < len(kv); i += 2 {
		d[kv[i].(string)] = kv[i+1]
	}
	return d
}

const (
	clientID     = "client-of-the-table"
	clientSecret = "a-client-secret-which-nobody-may-read-anywhere-5e1f"
	subject      = "5f3c1f0e-6a0b-4f63-9a43-0c3b2b0a9d11"
)

func newMisbehaving(t *testing.T) *misbehaving {
	t.Helper()
	p := &misbehaving{
		clients: make(map[string]*registeredClient),
		secrets: map[string]string{clientSecret: "the client secret"},
	}
	p.URL = "http://" + caddytest.Loopback + ":" + caddytest.FreePort(t)
	p.up(t)
	t.Cleanup(p.down)
	return p
}

func (p *misbehaving) serve(l net.Listener) {
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: time.Minute}
	go func(s *http.Server) { _ = s.Serve(l) }(p.server)
}

// down makes the provider refuse connections; up brings it back.
func (p *misbehaving) down() { _ = p.server.Close() }

func (p *misbehaving) up(t *testing.T) {
	t.Helper()
	l := caddytest.Listen(t, strings.TrimPrefix(p.URL, "http://"))
	p.serve(l)
}

// register makes a client of the provider, whose site has its name.
func (p *misbehaving) register(name, alg, userinfoAlg string) *registeredClient {
	l := &registeredClient{
		p: p, name: name, alg: alg, userinfoAlg: userinfoAlg, issuer: p.URL + "/" + name + "/api/v2",
		site:   "http://" + name + ".localhost:{$PORT}",
		counts: make(map[string]int), logins: make(map[string]*providerLogin),
	}
	p.clients[name] = l
	return l
}

// secret makes an unguessable text that must stay secret.
func (p *misbehaving) secret(what string) string {
	s := what + "-" + rand.Text()
	p.hide(s, what)
	return s
}

// hide notes that a text must stay secret.
func (p *misbehaving) hide(s, what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.secrets[s] = what
}

// behave has the client misbehave from here on.
func (l *registeredClient) behave(m misconduct) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wrong = m
}

// calls returns how often each endpoint was called so far.
func (l *registeredClient) calls() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.counts)
}

// login returns the login that is newest at the provider.
func (l *registeredClient) login() *providerLogin {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

func (p *misbehaving) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, path, _ := strings.Cut(r.URL.Path[1:], "/")
	l := p.clients[name]
	if l == nil {
		http.NotFound(w, r)
		return
	}
	endpoint, known := map[string]string{
		"api/v2/.well-known/openid-configuration": "discovery", "authorize": "authorize", "token": "token",
		"userinfo": "userinfo", "jwks": "jwks", "end": "end",
	}[path]
	if !known {
		endpoint = "elsewhere"
	}
	l.mu.Lock()
	l.counts[endpoint]++
	m := l.wrong
	l.mu.Unlock()
	if raw := m.raw[endpoint]; raw != nil {
		raw(w, r)
		return
	}
	l.answer(w, r, endpoint, m)
}

func (l *registeredClient) answer(w http.ResponseWriter, r *http.Request, endpoint string, m misconduct) {
	reply := &pendingReply{status: http.StatusOK, media: "application/json; charset=utf-8", head: w.Header()}
	switch endpoint {
	case "discovery":
		reply.body = l.document().String()
	case "jwks":
		reply.body = jsonObject{"keys": keySet()}.String()
	case "authorize":
		l.authorize(w, r, m)
		return
	case "token":
		l.exchange(reply, r, m)
	case "userinfo":
		l.describe(reply, r, m)
	default:
		reply.status, reply.body = http.StatusNotFound, "{}"
	}
	if change := m.reply[endpoint]; change != nil {
		change(reply)
	}
	w.Header().Set("Content-Type", reply.media)
	w.WriteHeader(reply.status)
	_, _ = w.Write([]byte(reply.body))
}

func (l *registeredClient) document() jsonObject {
	base := l.p.URL + "/" + l.name
	return jsonObject{
		"issuer": l.issuer, "authorization_endpoint": base + "/authorize", "token_endpoint": base + "/token",
		"userinfo_endpoint": base + "/userinfo", "jwks_uri": base + "/jwks", "end_session_endpoint": base + "/end",
		"authorization_response_iss_parameter_supported": true,
	}
}

// authorize logs everybody in at once, as a running single sign-on does.
func (l *registeredClient) authorize(w http.ResponseWriter, r *http.Request, m misconduct) {
	q := r.URL.Query()
	g := &providerLogin{
		client: l, request: q,
		code: l.p.secret("code"), access: l.p.secret("access"), refresh: l.p.secret("refresh"),
	}
	l.p.hide(q.Get("state"), "state")
	l.p.hide(q.Get("nonce"), "nonce")
	l.mu.Lock()
	if l.last != nil {
		g.before = l.last.request
	}
	l.last, l.logins[g.code], l.logins[g.access] = g, g, g
	l.mu.Unlock()
	answer := url.Values{"code": {g.code}, "state": {q.Get("state")}, "iss": {l.issuer}}
	if m.answer != nil {
		m.answer(answer)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+answer.Encode(), http.StatusSeeOther)
}

// exchange checks a token request as RFC 6749 and RFC 7636 ask.
func (l *registeredClient) exchange(reply *pendingReply, r *http.Request, m misconduct) {
	refuse := func(code string) {
		reply.status, reply.body = http.StatusBadRequest, jsonObject{"error": code}.String()
	}
	_, _, basic := r.BasicAuth()
	if r.Method != http.MethodPost || basic || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.ParseForm() != nil {
		refuse("invalid_request")
		return
	}
	f := r.PostForm
	l.p.hide(f.Get("code_verifier"), "verifier")
	if f.Get("client_id") != clientID || f.Get("client_secret") != clientSecret || f.Get("grant_type") != "authorization_code" {
		refuse("invalid_client")
		return
	}
	l.mu.Lock()
	g := l.logins[f.Get("code")]
	if g == nil || g.request.Get("redirect_uri") != f.Get("redirect_uri") || g.request.Get("code_challenge") != challengeOf(f.Get("code_verifier")) {
		l.mu.Unlock()
		refuse("invalid_grant")
		return
	}
	g.exchanged++
	l.mu.Unlock()
	reply.body = g.tokens(m).String()
}

// challengeOf is RFC 7636 §4.2.
func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return b64(sum[:])
}

func (g *providerLogin) tokens(m misconduct) jsonObject {
	g.idToken = m.id.make(g, g.client.alg, g.idClaims())
	g.client.p.hide(g.idToken, "id token")
	return jsonObject{
		"access_token": g.access, "refresh_token": g.refresh, "id_token": g.idToken,
		"token_type": "Bearer", "expires_in": 3600, "scope": g.request.Get("scope"),
	}
}

// describe answers userinfo.
func (l *registeredClient) describe(reply *pendingReply, r *http.Request, m misconduct) {
	access, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	l.mu.Lock()
	g := l.logins[access]
	l.mu.Unlock()
	if g == nil || r.Method != http.MethodGet {
		reply.status, reply.body = http.StatusUnauthorized, `{"error":"invalid_token"}`
		return
	}
	person := g.person()
	if l.userinfoAlg == "none" {
		if m.info.claims != nil {
			m.info.claims(person, g)
		}
		reply.body = person.String()
		return
	}
	reply.media, reply.body = "application/jwt; charset=utf-8", m.info.make(g, l.userinfoAlg, person)
}
