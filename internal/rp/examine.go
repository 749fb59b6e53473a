package rp

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// What follows asks a provider about a client without a person: no browser, no cookie, no
// session begins or ends, and nobody's data is sent. What a login would meet is told by
// how the provider refuses.

// Facts are what a provider says of itself, beyond what a login needs.
type Facts struct {
	Issuer       string // that discovery names, reduced to printable characters
	SigningAlgs  []string
	UserinfoAlgs []string
	Ahead        time.Duration // our clock, seen from the provider's
	Dated        bool          // the answer told its time
	KeysFor      bool          // keys are published that the configured algorithms can use
}

// Unhurried returns a provider of the same configuration that waits so long for an answer
// and remembers nothing.
func (p *Provider) Unhurried(timeout time.Duration) *Provider {
	cfg := p.cfg
	cfg.Timeout = timeout
	return New(cfg)
}

// Examine reads the discovery document and the keys. With an error it returns what was
// found before.
func (p *Provider) Examine(ctx context.Context) (*Facts, error) {
	facts := new(Facts)
	a, err := p.fetch(strings.TrimSuffix(p.cfg.Issuer, "/")+"/.well-known/openid-configuration", StageDiscovery)
	if err == nil {
		facts.read(a)
	}
	err = p.Check(ctx)
	if facts.KeysFor = err == nil; reason(err) == ReasonNoUsableKey {
		return facts, nil
	}
	return facts, err
}

func (f *Facts) read(a *answer) {
	f.Dated = !a.at.theirs.IsZero()
	if f.Dated {
		f.Ahead = a.at.ours.Sub(a.at.theirs)
	}
	doc, err := parseObject(a.body)
	if err != nil {
		return
	}
	issuer, _ := doc["issuer"].(string)
	f.Issuer = printable(issuer)
	f.SigningAlgs = texts(doc["id_token_signing_alg_values_supported"])
	f.UserinfoAlgs = texts(doc["userinfo_signing_alg_values_supported"])
}

// TryCredentials asks for the tokens of a code that nobody was given. The right client is
// told that the code is wrong, and that is nil here; another one, that the client is.
func (p *Provider) TryCredentials(ctx context.Context, a Attempt) error {
	md, err := p.discovery.get(ctx, p)
	if err != nil {
		return err
	}
	_, err = p.exchange(ctx, md, opaqueCode, a)
	if reason(err) == ReasonInvalidGrant {
		return nil
	}
	if err == nil {
		return fail(StageToken, Invalid, ReasonRefused) // tokens for nothing: it is no ProConnect
	}
	return err
}

// opaqueCode is a code that no provider has given.
const opaqueCode = "caddy-proconnect-doctor-asks-with-no-code-at-all"

// ReasonPage tells that the provider showed a page of its own instead of sending the
// browser back: it does not know the address, or the client.
const ReasonPage Reason = "the provider answers with an error page of its own"

// TryAuthorization begins a login with prompt=none that no browser follows. Without a
// session the provider answers login_required at the redirect URI, and that is nil here:
// it knows the client, the address and the scopes.
func (p *Provider) TryAuthorization(ctx context.Context, r AuthorizationRequest) error {
	r.Prompt = "none"
	address, err := p.AuthorizationURL(ctx, r)
	if err != nil {
		return err
	}
	location, err := p.sentOn(ctx, address, StageCallback)
	if err != nil {
		return err
	}
	query, ours := strings.CutPrefix(location, r.RedirectURI+"?")
	if !ours {
		return fail(StageCallback, Invalid, ReasonRedirect)
	}
	response, err := ParseResponse(query)
	if err != nil {
		return err
	}
	if response.Error == "login_required" {
		return p.CheckIssuer(ctx, response.Iss)
	}
	return response.refusal()
}

// TryLogout asks for a logout without a session. A provider that knows the address sends
// the browser there, or shows the page that ends a session; else it shows an error.
func (p *Provider) TryLogout(ctx context.Context, postLogoutRedirectURI, state string) error {
	address, err := p.EndSessionURL(ctx, "", postLogoutRedirectURI, state)
	if err != nil {
		return err
	}
	location, err := p.sentOn(ctx, address, StageLogout)
	e, failed := errors.AsType[*Error](err)
	switch {
	case failed && e.Reason == ReasonStatus && e.Status == http.StatusOK:
		return nil
	case err != nil:
		return err
	case !strings.HasPrefix(location, postLogoutRedirectURI) && !sameHost(location, address):
		return fail(StageLogout, Invalid, ReasonRedirect)
	}
	return nil
}

// sentOn returns where the provider sends a browser that has no cookies.
func (p *Provider) sentOn(ctx context.Context, address string, stage Stage) (location string, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", fail(stage, Invalid, ReasonEndpoint)
	}
	req.Header.Set("Accept", "text/html")
	req.Header.Set("User-Agent", "caddy-proconnect")
	resp, err := p.client.Do(req)
	if err != nil {
		return "", callError(stage, err)
	}
	resp.Body.Close()
	e := fail(stage, Unavailable, ReasonStatus)
	e.Status = resp.StatusCode
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return resp.Header.Get("Location"), nil
	case resp.StatusCode >= 400 && resp.StatusCode < 500:
		e.Kind, e.Reason = Misconfigured, ReasonPage
	}
	return "", e
}

func sameHost(a, b string) bool {
	one, errOne := url.Parse(a)
	other, errOther := url.Parse(b)
	return errOne == nil && errOther == nil && one.Host == other.Host
}
