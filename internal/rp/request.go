package rp

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/oauth2"
)

// AuthorizationRequest is what a login asks of ProConnect. Empty fields are not
// sent.
type AuthorizationRequest struct {
	RedirectURI string
	State       string // 32 to 1200 characters
	Nonce       string // 32 to 512 characters
	Verifier    string // the PKCE code verifier, of oauth2.GenerateVerifier
	Scopes      []string

	// ACRValues are the acr values of which one is required. ProConnect compares
	// exactly: name every value that will do. Without any, acr and amr are asked
	// for and nothing is required.
	ACRValues []string

	Prompt    string // none, login or consent
	IDPHint   string // an idp_id
	SiretHint string // 14 characters
	LoginHint string // an email
}

// AuthorizationURL returns where to send the browser.
func (p *Provider) AuthorizationURL(ctx context.Context, r AuthorizationRequest) (string, error) {
	if err := r.check(); err != nil {
		return "", err
	}
	md, err := p.discovery.reachable(ctx, p)
	if err != nil {
		return "", err
	}
	return withQuery(md.authorization, r.values(p.cfg.ClientID))
}

// check refuses what ProConnect would answer with an error page of its own,
// from which nobody comes back.
func (r *AuthorizationRequest) check() error {
	switch {
	case r.RedirectURI == "":
		return errors.New("authorization request: redirect URI missing")
	case !opaque(r.State, maxState) || !opaque(r.Nonce, maxNonce):
		return errors.New("authorization request: want a state of 32 to 1200 and a nonce of 32 to 512 characters")
	case len(r.Verifier) < 43 || len(r.Verifier) > 128: // RFC 7636 section 4.1
		return errors.New("authorization request: verifier: want 43 to 128 characters")
	case !slices.Contains([]string{"", "none", "login", "consent"}, r.Prompt):
		return errors.New("authorization request: prompt: want none, login or consent")
	// With a running single sign-on that does not fit these, ProConnect ends it
	// and shows a login page where silence was asked for.
	case r.Prompt == "none" && (len(r.ACRValues) > 0 || r.IDPHint != "" || r.LoginHint != ""):
		return errors.New("authorization request: prompt none goes with no acr value and no hint")
	case r.SiretHint != "" && len(r.SiretHint) != 14:
		return errors.New("authorization request: siret hint: want 14 characters")
	case r.LoginHint != "" && !EmailLike(r.LoginHint):
		return errors.New("authorization request: login hint: want an email")
	}
	return nil
}

// values are the parameters, none of which the server does not know.
func (r *AuthorizationRequest) values(clientID string) url.Values {
	scopes := r.Scopes
	if !slices.Contains(scopes, "openid") { // OpenID Connect Core section 3.1.2.1
		scopes = append([]string{"openid"}, scopes...)
	}
	v := url.Values{
		"response_type":         {"code"},
		"client_id":             {clientID},
		"redirect_uri":          {r.RedirectURI},
		"scope":                 {strings.Join(scopes, " ")},
		"state":                 {r.State},
		"nonce":                 {r.Nonce},
		"claims":                {claimsParameter(r.ACRValues)},
		"code_challenge":        {oauth2.S256ChallengeFromVerifier(r.Verifier)},
		"code_challenge_method": {"S256"},
	}
	for name, value := range map[string]string{
		"prompt": r.Prompt, "idp_hint": r.IDPHint, "siret_hint": r.SiretHint, "login_hint": r.LoginHint,
	} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v
}

// claimsParameter is OpenID Connect Core section 5.5: ProConnect gives acr and
// amr to those who ask, and enforces only an essential acr.
func claimsParameter(acrValues []string) string {
	type essential struct {
		Essential bool     `json:"essential"`
		Values    []string `json:"values"`
	}
	var request struct {
		IDToken struct {
			ACR *essential `json:"acr"`
			AMR *struct{}  `json:"amr"`
		} `json:"id_token"`
	}
	if len(acrValues) > 0 {
		request.IDToken.ACR = &essential{true, acrValues}
	}
	b, _ := json.Marshal(request) // strings and booleans always marshal
	return string(b)
}

// withQuery adds parameters to an endpoint, which may have some of its own
// (RFC 6749 section 3.1); ours replace those of the same name.
func withQuery(endpoint string, v url.Values) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", fail(StageDiscovery, Invalid, ReasonEndpoint)
	}
	q := u.Query()
	for name, values := range v {
		q[name] = values
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// maxNonce is the server's own limit. Of a state it returned 8 000 characters whole.
const maxNonce = 512

// opaque says whether s is long enough for a state or a nonce, and plain.
func opaque(s string, most int) bool { return len(s) >= 32 && len(s) <= most && visible(s) }

// EmailLike is as much as ProConnect asks of a login_hint.
func EmailLike(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && domain != "" && len(s) <= 254 && visible(s) && !strings.Contains(domain, "@")
}

// visible says whether s is printable ASCII without spaces.
func visible(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
