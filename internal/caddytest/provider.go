package caddytest

import (
	"cmp"
	"crypto/rand"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// Provider is a ProConnect that misbehaves on demand. It has many clients, each with
// endpoints, calls and misconduct of its own, and by itself it does all that a good
// provider does: one-time codes, exact redirect URIs, PKCE, secrets. It is for what the
// sandbox cannot do: be reached through a proxy, be down, answer late or wrongly.
type Provider struct {
	*Client // whose issuer has no path; it has HS256 and userinfo as plain JSON

	Mu      sync.Mutex         // guards what clients do, once requests come
	Clients map[string]*Client // further ones, by name
	Secrets map[string]string  // whatever nobody may read in a log, and what it is

	t      testing.TB
	addr   string
	server *http.Server
}

// Client is one client registered at the provider, and the site that uses it.
type Client struct {
	URL         string // of its endpoints
	Name        string
	Issuer      string // default: URL
	Alg         string
	UserinfoAlg string
	Site        string // as the browser's address bar has it, ports unfilled
	Options     string // further lines of the gate

	Claims       map[string]any // who logs in
	ACR          string         // the level of every login; empty: the first that is asked for
	NoEndSession bool           // discovery names no end_session_endpoint
	Pad          string         // more to carry in the ID token
	Issued       string         // the last ID token

	// Exchanging, where set, is told of each token call, which goes on when it is
	// told in turn.
	Exchanging chan chan struct{}

	p      *Provider // that it is registered at
	wrong  Misconduct
	counts map[string]int
	logins map[string]*ProviderLogin // by code and by access token
	last   *ProviderLogin
}

// ProviderLogin is what the provider knows of one login.
type ProviderLogin struct {
	Client    *Client
	Request   url.Values // of the authorization request
	Before    url.Values // of the client's login before
	Code      string
	Access    string
	Refresh   string
	IDToken   string // as sent last
	Exchanged int    // how often the code came
}

// What the provider has given to every client.
const (
	ClientID     = "client"
	ClientSecret = "a-client-secret-of-more-than-32-bytes"
)

// SessionSecret seals the sessions of tests that make cookies of their own.
const SessionSecret = "2CkLVDxd0S1fHVFYVY5ZtwxkYZCFn3dXKDTbZfDl3Ug="

// Subject is who logs in at a client that was registered.
const Subject = "5f3c1f0e-6a0b-4f63-9a43-0c3b2b0a9d11"

// NewProvider starts a provider for a test, with one client.
func NewProvider(t testing.TB) *Provider {
	t.Helper()
	p := &Provider{
		t: t, addr: net.JoinHostPort(Loopback, FreePort(t)),
		Clients: make(map[string]*Client), Secrets: map[string]string{ClientSecret: "the client secret"},
	}
	p.Client = p.newClient("", "HS256", "none")
	p.URL, p.ACR = "http://"+p.addr, "eidas1"
	p.Claims = map[string]any{
		"sub": "11111111-2222-8333-8444-555555555555", "email": "camille@example.gouv.fr", "given_name": "Camille",
		"usual_name": "Exemple", "siret": "13002526500013", "idp_id": "2f5a3c1e-7d84-4b0e-9c56-0a1b2c3d4e5f",
		"roles": []string{"agent_public"},
	}
	p.Up(t)
	t.Cleanup(p.Down)
	return p
}

func (p *Provider) newClient(name, alg, userinfoAlg string) *Client {
	return &Client{p: p, Name: name, Alg: alg, UserinfoAlg: userinfoAlg, counts: make(map[string]int), logins: make(map[string]*ProviderLogin)}
}

// Register makes a further client of the provider, whose site has its name.
func (p *Provider) Register(name, alg, userinfoAlg string) *Client {
	l := p.newClient(name, alg, userinfoAlg)
	l.URL = p.URL + "/" + name
	l.Issuer, l.Site = l.URL+"/api/v2", "http://"+name+".localhost:{$PORT}"
	l.Claims = map[string]any{
		"sub": Subject, "given_name": "Jeanne", "usual_name": "Exemple", "email": "jeanne@example.gouv.fr", "uid": "jeanne",
		"siret": "13002526500013", "idp_id": "71144ab3-ee1a-4401-b7b3-79b44f7daeeb",
		"roles": []string{"agent_public"}, "organization_label": "DINUM",
	}
	p.Clients[name] = l
	return l
}

// Option is the global option for the provider's one client.
func (p *Provider) Option() string {
	return "proconnect {\n issuer " + p.issuer() + "\n client_id " + ClientID + "\n client_secret " + ClientSecret +
		"\n signing_alg HS256\n userinfo_signing_alg none\n session {\n secret " + SessionSecret + "\n }\n }"
}

func (l *Client) issuer() string { return cmp.Or(l.Issuer, l.URL) }

// Down makes the provider refuse connections; up brings it back.
func (p *Provider) Down() { _ = p.server.Close() }

func (p *Provider) Up(t testing.TB) {
	t.Helper()
	p.server = &http.Server{Handler: http.HandlerFunc(p.Serve), ReadHeaderTimeout: time.Minute}
	go func(s *http.Server, l net.Listener) { _ = s.Serve(l) }(p.server, Listen(t, p.addr))
}

// secret makes an unguessable text that must stay secret.
func (p *Provider) secret(what string) string {
	s := what + "-" + rand.Text()
	p.Hide(s, what)
	return s
}

// Hide notes that a text must stay secret.
func (p *Provider) Hide(s, what string) {
	p.Mu.Lock()
	defer p.Mu.Unlock()
	p.Secrets[s] = what
}

// Behave has the client misbehave from here on.
func (l *Client) Behave(m Misconduct) {
	l.p.Mu.Lock()
	defer l.p.Mu.Unlock()
	l.wrong = m
}

// Calls returns how often each endpoint was called so far.
func (l *Client) Calls() map[string]int {
	l.p.Mu.Lock()
	defer l.p.Mu.Unlock()
	return maps.Clone(l.counts)
}

// Login returns the login that is newest at the provider.
func (l *Client) Login() *ProviderLogin {
	l.p.Mu.Lock()
	defer l.p.Mu.Unlock()
	return l.last
}

// LoginOf returns the login that a code, or an access token, was given for.
func (l *Client) LoginOf(code string) *ProviderLogin {
	l.p.Mu.Lock()
	defer l.p.Mu.Unlock()
	return l.logins[code]
}

// Serve answers for the provider. A test may answer before it.
func (p *Provider) Serve(w http.ResponseWriter, r *http.Request) {
	name, path, _ := strings.Cut(r.URL.Path[1:], "/")
	l := p.Clients[name]
	if l == nil {
		l, path = p.Client, r.URL.Path[1:]
	}
	endpoint, known := map[string]string{
		strings.TrimPrefix(l.issuer(), l.URL) + "/.well-known/openid-configuration": "discovery",
		"/authorize": "authorize", "/token": "token", "/userinfo": "userinfo", "/jwks": "jwks", "/end-session": "end",
	}["/"+path]
	if !known {
		endpoint = "elsewhere"
	}
	p.Mu.Lock()
	l.counts[endpoint]++
	m := l.wrong
	p.Mu.Unlock()
	if raw := m.Raw[endpoint]; raw != nil {
		raw(w, r)
		return
	}
	l.Answer(w, r, endpoint, m)
}
