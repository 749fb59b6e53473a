package rp

import (
	"context"
	"errors"
	"net/url"
)

// EndSessionURL returns where to send the browser for the single sign-on to
// end (OpenID Connect RP-Initiated Logout section 2). Without an ID token that will
// do as a hint, the client names itself: otherwise ProConnect would not send people
// back.
func (p *Provider) EndSessionURL(ctx context.Context, idTokenHint, postLogoutRedirectURI, state string) (string, error) {
	if postLogoutRedirectURI == "" || !opaque(state, maxState) {
		return "", errors.New("end session request: want a redirect URI and a state of 32 to 1200 characters")
	}
	md, err := p.discovery.reachable(ctx, p)
	if err != nil {
		return "", err
	}
	if md.endSession == "" {
		return "", fail(StageLogout, Unavailable, ReasonNoEndSession)
	}
	v := url.Values{
		"post_logout_redirect_uri": {postLogoutRedirectURI},
		"state":                    {state},
	}
	if p.stillSigned(idTokenHint) {
		v.Set("id_token_hint", idTokenHint)
	} else {
		v.Set("client_id", p.cfg.ClientID)
	}
	return withQuery(md.endSession, v)
}

// stillSigned says whether an ID token verifies with the key that signs today, as
// far as is known without asking: ProConnect answers a hint that was signed by a key
// it has withdrawn since with an error page, from which nobody comes back. Keys that
// were not fetched lately prove nothing, and a logout does not wait for newer ones.
func (p *Provider) stillSigned(idToken string) bool {
	s := &signed{p: p, stage: StageLogout, alg: p.cfg.SigningAlg, algReason: ReasonIDTokenAlg}
	jws, kid, hasKid, err := s.parse(idToken)
	if err != nil {
		return false
	}
	if s.alg == HS256 { // the client secret may be another by now
		_, err := s.bySecret(jws)
		return err == nil
	}
	_, ok := verifyAny(jws, p.keys.fresh(p).candidates(s.alg, kid, hasKid))
	return ok
}
