package rp

import (
	"context"
	"errors"
	"net/url"
)

// EndSessionURL returns where to send the browser for the single sign-on to
// end (OpenID Connect RP-Initiated Logout section 2). Without an ID token as a
// hint, the client names itself: otherwise ProConnect would not send people
// back.
func (p *Provider) EndSessionURL(ctx context.Context, idTokenHint, postLogoutRedirectURI, state string) (string, error) {
	if postLogoutRedirectURI == "" || !opaque(state) {
		return "", errors.New("end session request: want a redirect URI and a state of 32 to 512 characters")
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
	if idTokenHint != "" {
		v.Set("id_token_hint", idTokenHint)
	} else {
		v.Set("client_id", p.cfg.ClientID)
	}
	return withQuery(md.endSession, v)
}
