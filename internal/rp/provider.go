package rp

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Signature algorithms that a ProConnect client can be registered with.
const (
	RS256 = "RS256"
	ES256 = "ES256"
	HS256 = "HS256"
	None  = "none" // userinfo only: plain JSON
)

// callTimeout, unless Config says otherwise, bounds one call to the provider, from dialling to the last byte, and the
// calls that one callback makes, all together.
const callTimeout = 10 * time.Second

// skew is how far the provider's clock may differ from ours.
const skew = 60 * time.Second

// Config is what one client registered at ProConnect is made of.
type Config struct {
	// Issuer is compared byte by byte with what discovery, the callback and the
	// tokens say.
	Issuer string

	ClientID     string
	ClientSecret string

	// SigningAlg is the algorithm of the ID token: RS256, ES256 or HS256.
	// A token signed by another one is refused (RFC 8725 section 3.1).
	SigningAlg string

	// UserinfoSigningAlg is the algorithm of userinfo: as SigningAlg, or "none"
	// for plain JSON.
	UserinfoSigningAlg string

	// Transport carries every call; nil means NewTransport(nil).
	Transport http.RoundTripper

	// Timeout bounds one call, and all those of a Finish together; 0 means ten seconds.
	Timeout time.Duration

	// Fresh is how long an answer says that the provider is there; 0 means a minute.
	Fresh time.Duration

	// Observe hears of every call: how long it took, and whether the provider answered.
	// nil means that nobody does.
	Observe func(stage Stage, took time.Duration, answered bool)

	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Fault says what is wrong with a configuration, if anything is. Nothing happens
// before discovery, which asks.
func (c *Config) Fault() Reason {
	switch {
	case !safeURL(c.Issuer, isLoopback(c.Issuer)) || strings.Contains(c.Issuer, "?"):
		return ReasonIssuerURL
	case c.ClientID == "" || c.ClientSecret == "":
		return ReasonClient
	case !slices.Contains(signingAlgs, c.SigningAlg),
		c.UserinfoSigningAlg != None && !slices.Contains(signingAlgs, c.UserinfoSigningAlg):
		return ReasonUnsupportedAlg
	case (c.SigningAlg == HS256 || c.UserinfoSigningAlg == HS256) && len(c.ClientSecret) < minHMACKey:
		return ReasonSecretLength
	}
	return ""
}

// Provider is ProConnect as one client sees it. Its methods may be called
// concurrently.
type Provider struct {
	cfg       Config
	client    *http.Client
	timeout   time.Duration
	fresh     time.Duration
	after     func(time.Duration, func()) *time.Timer
	discovery discovery
	keys      keyCache
}

// New returns a Provider. It does not use the network: a provider that is down
// must not keep the server from starting.
func New(cfg Config) *Provider {
	if cfg.Transport == nil {
		cfg.Transport = NewTransport(nil)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Provider{
		cfg:     cfg,
		client:  &http.Client{Transport: cfg.Transport, CheckRedirect: followNothing},
		timeout: cmp.Or(cfg.Timeout, callTimeout),
		fresh:   cmp.Or(cfg.Fresh, answerFresh),
		after:   time.AfterFunc,
	}
}

// Close ends what a Provider does by itself, and its idle connections.
func (p *Provider) Close() {
	p.discovery.close()
	p.client.CloseIdleConnections()
}

// Attempt is what was kept of an authorization request while the browser was
// away.
type Attempt struct {
	Nonce       string
	Verifier    string   // the PKCE code verifier
	RedirectURI string   // byte by byte the one of the authorization request
	ACRValues   []string // the acr values required; empty if none was
}

// Result is a person whom ProConnect vouches for.
type Result struct {
	Subject string   // sub: the same in the ID token and in userinfo
	IDToken string   // as received: the hint of a logout
	ACR     string   // of the ID token; empty unless the provider gave one
	AMR     []string // of the ID token; empty unless the provider gave some

	// Claims are those of userinfo, as sent: numbers are json.Number, and
	// nothing is cleaned. They hold whatever the identity provider chose to say.
	Claims map[string]any
}

// Finish turns the answer at the callback into a person. The code is sent once
// and userinfo is fetched once, whatever happens.
//
// All calls share one budget of ten seconds: a provider that takes nine for each would
// else keep people waiting for half a minute, and whatever bounds callbacks with them.
//
// The caller has matched r.State with the attempt, and may have asked CheckIssuer before.
func (p *Provider) Finish(ctx context.Context, r Response, a Attempt) (*Result, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	// RFC 9207 section 2.4: before anything else, and on errors too, so that
	// another server's answer is never acted upon (mix-up).
	if err := p.CheckIssuer(ctx, r.Iss); err != nil {
		return nil, err
	}
	if r.Error != "" {
		return nil, r.refusal()
	}
	if r.Code == "" || a.Nonce == "" || a.Verifier == "" || a.RedirectURI == "" {
		return nil, fail(StageCallback, Invalid, ReasonIncomplete)
	}
	md, err := p.discovery.get(ctx, p)
	if err != nil {
		return nil, err
	}
	tokens, err := p.exchange(ctx, md, r.Code, a)
	if err != nil {
		return nil, err
	}
	id, err := p.verifyIDToken(ctx, md, tokens, a)
	if err != nil {
		return nil, err
	}
	claims, err := p.userinfo(ctx, md, tokens.access, id.subject)
	if err != nil {
		return nil, err
	}
	return &Result{Subject: id.subject, IDToken: tokens.id, ACR: id.acr, AMR: id.amr, Claims: claims}, nil
}

// Check fetches discovery and, unless every signature is made with the client
// secret, the provider's keys: it tells an operator whether logins can work.
func (p *Provider) Check(ctx context.Context) error {
	md, err := p.discovery.get(ctx, p)
	if err != nil {
		return err
	}
	for _, alg := range []string{p.cfg.SigningAlg, p.cfg.UserinfoSigningAlg} {
		if alg != RS256 && alg != ES256 {
			continue
		}
		keys, err := p.keys.current(ctx, p, md.jwks)
		if err != nil {
			return err
		}
		if len(keys.candidates(alg, "", false)) == 0 {
			return fail(StageKeys, Misconfigured, ReasonNoUsableKey)
		}
	}
	return nil
}
