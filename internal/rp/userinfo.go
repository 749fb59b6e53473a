package rp

import (
	"context"
	"net/http"
)

// userinfo fetches the claims about a person, once: they are computed from the
// live session at the provider (OpenID Connect Core section 5.3). What must be
// verified of the answer:
//
//	section 5.3.4 (1)  the server is the intended one: TLS (NewTransport)
//	section 5.3.4 (2)  encryption: none is registered (signed.split)
//	section 5.3.4 (3)  the signature, if it is signed (verifyUserinfo)
//	section 5.3.2      Content-Type says which of the two it is (userinfoClaims)
//	section 5.3.2      iss and aud, if it is signed (verifyUserinfo)
//	section 5.3.2      sub is there, and the ID token's (here, last)
//	RFC 8725 3.11      it is no ID token (isIDToken)
func (p *Provider) userinfo(ctx context.Context, md *metadata, access, sub string) (map[string]any, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, md.userinfo, nil)
	if err != nil {
		return nil, fail(StageUserinfo, Invalid, ReasonEndpoint)
	}
	req.Header.Set("Authorization", "Bearer "+access)
	req.Header.Set("Accept", p.userinfoType())
	ans, err := p.call(req, StageUserinfo, maxAnswer)
	if err != nil {
		return nil, err
	}
	// Userinfo is read from the person's session at ProConnect, which may have ended.
	if ans.status == http.StatusUnauthorized || ans.status == http.StatusInternalServerError {
		e := fail(StageUserinfo, Refused, ReasonSessionGone)
		e.Status = ans.status
		return nil, e
	}
	if err := ans.succeeded(StageUserinfo); err != nil {
		return nil, err
	}
	claims, err := p.userinfoClaims(ctx, md, ans)
	if err != nil {
		return nil, err
	}
	if isIDToken(claims) {
		return nil, fail(StageUserinfo, Invalid, ReasonUserinfoIDToken)
	}
	// Section 5.3.2: sub must exactly match the ID token's, or nothing of this may
	// be used. The claims may be somebody else's (token substitution, section 16.11).
	if !same(claims["sub"], sub) {
		return nil, fail(StageUserinfo, Invalid, ReasonUserinfoSubject)
	}
	return claims, nil
}

// isIDToken says whether claims are those of an ID token. One is signed by the same
// key, for the same client, of the same subject, and so passes for a userinfo answer
// in every other check; but what it says of the person was not asked of userinfo, and
// says nothing of their live session (RFC 8725 section 2.8). ProConnect's userinfo has
// neither a nonce nor the hash of a token or code.
func isIDToken(claims map[string]any) bool {
	for _, name := range []string{"nonce", "at_hash", "c_hash"} {
		if _, present := claims[name]; present {
			return true
		}
	}
	return false
}

func (p *Provider) userinfoType() string {
	if p.cfg.UserinfoSigningAlg == None {
		return "application/json"
	}
	return "application/jwt"
}

// userinfoClaims reads the answer in the one form that the client is registered
// for (section 5.3.2: application/json, or application/jwt where it is signed):
// taking plain JSON where a signature is due would be taking no signature.
func (p *Provider) userinfoClaims(ctx context.Context, md *metadata, ans *answer) (map[string]any, error) {
	wanted := p.userinfoType()
	switch {
	case ans.mediaType == wanted && wanted == "application/jwt":
		return p.verifyUserinfo(ctx, md, ans)
	case ans.mediaType == wanted:
		claims, err := parseObject(ans.body)
		if err != nil {
			return nil, fail(StageUserinfo, Invalid, ReasonJSON)
		}
		return claims, nil
	case ans.mediaType == "application/json":
		return nil, fail(StageUserinfo, Misconfigured, ReasonUserinfoPlainJSON)
	case ans.mediaType == "application/jwt":
		return nil, fail(StageUserinfo, Misconfigured, ReasonUserinfoSigned)
	}
	return nil, fail(StageUserinfo, Unavailable, ReasonContentType)
}

// verifyUserinfo verifies a signed answer: the signature (section 5.3.4), then iss
// and aud. Section 5.3.2 says SHOULD of these two; without them it might have been
// signed for another client, or not as userinfo.
func (p *Provider) verifyUserinfo(ctx context.Context, md *metadata, ans *answer) (map[string]any, error) {
	jws := &signed{p: p, md: md, stage: StageUserinfo, alg: p.cfg.UserinfoSigningAlg, algReason: ReasonUserinfoAlg}
	payload, err := jws.verify(ctx, string(ans.body))
	if err != nil {
		return nil, err
	}
	claims, err := parseObject(payload)
	if err != nil {
		return nil, fail(StageUserinfo, Invalid, ReasonPayload)
	}
	now := p.cfg.Now()
	switch {
	case claims["iss"] != p.cfg.Issuer: // section 5.3.2
		return nil, fail(StageUserinfo, Invalid, ReasonIssuer)
	case !audience(claims["aud"], p.cfg.ClientID): // section 5.3.2: is, or includes, the client
		return nil, fail(StageUserinfo, Invalid, ReasonAudience)
	case !unexpired(claims, now): // RFC 7519 section 4.1.4
		return nil, misTimed(StageUserinfo, ReasonExpiry, claims, "exp", now, ans.at)
	case !begun(claims, now): // RFC 7519 section 4.1.5
		return nil, misTimed(StageUserinfo, ReasonNotBefore, claims, "nbf", now, ans.at)
	}
	return claims, nil
}
