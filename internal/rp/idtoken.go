package rp

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

const (
	maxLifetime = 24 * time.Hour  // of an ID token: ProConnect's live one hour
	maxAge      = time.Hour       // since its issue: it was made for this exchange
	maxAhead    = 5 * time.Minute // of its issue
	nbfLeeway   = 2 * time.Minute
	maxSubject  = 255
)

// idToken is what is kept of a verified ID token.
type idToken struct {
	subject string
	acr     string
	amr     []string
}

// verifyIDToken is OpenID Connect Core section 3.1.3.7, whose rules have their
// numbers here:
//
//	(1)  encryption    none is registered: an encrypted token is refused (signed.split)
//	(2)  iss           checkIDToken
//	(3)  aud           checkIDToken
//	(4)  azp           checkIDToken
//	(5)  azp           checkIDToken
//	(6)  signature     of every token, though TLS would do here (signed.verify)
//	(7)  alg           the registered one and no other (signed.header)
//	(8)  MAC           keyed with the client secret alone (signed.bySecret)
//	(9)  exp           checkIDToken
//	(10) iat           checkIDToken
//	(11) nonce         checkIDToken
//	(12) acr           checkIDToken
//	(13) auth_time     never asked for: ProConnect's says when it answered
//
// (1) and (6) to (8) come first: what is not verified is not read. go-oidc
// verifies too, with what it leaves to its caller and what it takes leniently
// checked here. Both must agree.
func (p *Provider) verifyIDToken(ctx context.Context, md *metadata, t *tokens, a Attempt) (*idToken, error) {
	jws := &signed{p: p, md: md, stage: StageToken, alg: p.cfg.SigningAlg, algReason: ReasonIDTokenAlg}
	// The form is checked before the library reads anything: it takes the JSON
	// serialisation too, and skips white space.
	payload, err := jws.verify(ctx, t.id)
	if err != nil {
		return nil, err
	}
	_, libraryErr := oidc.NewVerifier(p.cfg.Issuer, verified(payload), &oidc.Config{
		ClientID:             p.cfg.ClientID,
		SupportedSigningAlgs: []string{p.cfg.SigningAlg},
		Now:                  func() time.Time { return p.cfg.Now().Add(-skew) },
	}).Verify(ctx, t.id)

	claims, err := parseObject(payload)
	if err != nil {
		return nil, fail(StageToken, Invalid, ReasonPayload)
	}
	if err := p.checkIDToken(claims, t, a); err != nil {
		return nil, err
	}
	if libraryErr != nil {
		return nil, fail(StageToken, Invalid, ReasonLibrary)
	}
	acr, _ := claims["acr"].(string)
	return &idToken{claims["sub"].(string), acr, texts(claims["amr"])}, nil
}

// checkIDToken goes through the rules on claims of section 3.1.3.7 in their order,
// then through those in other places. The signature is verified already.
func (p *Provider) checkIDToken(claims map[string]any, t *tokens, a Attempt) error {
	now := p.cfg.Now()
	switch {
	case claims["iss"] != p.cfg.Issuer: // (2)
		return fail(StageToken, Invalid, ReasonIssuer)
	case !soleAudience(claims["aud"], p.cfg.ClientID): // (3)
		return fail(StageToken, Invalid, ReasonAudience)
	case !authorizedParty(claims, p.cfg.ClientID): // (4), (5)
		return fail(StageToken, Invalid, ReasonAZP)
	case !within(claims, "exp", now.Add(-skew), now.Add(maxLifetime)): // (9)
		return misTimed(StageToken, ReasonExpiry, claims, "exp", now, t.at)
	case !within(claims, "iat", now.Add(-maxAge), now.Add(maxAhead)): // (10)
		return misTimed(StageToken, ReasonIssuedAt, claims, "iat", now, t.at)
	case !same(claims["nonce"], a.Nonce): // (11)
		return fail(StageToken, Invalid, ReasonNonce)
	case !acrMet(claims["acr"], a.ACRValues): // (12)
		return fail(StageToken, ACRUnmet, ReasonACR)
	case !accessTokenHash(claims, t.access): // section 3.1.3.8
		return fail(StageToken, Invalid, ReasonAccessHash)
	case !subject(claims["sub"]): // section 2
		return fail(StageToken, Invalid, ReasonSubject)
	case !begun(claims, now): // RFC 7519 section 4.1.5
		return misTimed(StageToken, ReasonNotBefore, claims, "nbf", now, t.at)
	}
	return nil
}

// verified is go-oidc's KeySet for a token whose signature has been verified by
// ours: go-oidc's errors would hide what was wrong with it.
type verified []byte

// VerifySignature returns the payload.
func (v verified) VerifySignature(context.Context, string) ([]byte, error) { return v, nil }

// audience says whether a token is meant for the client: aud is its name, or a
// list of strings that holds it.
func audience(aud any, clientID string) bool {
	return slices.Contains(texts(aud), clientID)
}

// soleAudience says whether a token is meant for the client and for nobody else:
// rule (3) refuses further audiences that are not trusted, and none is.
func soleAudience(aud any, clientID string) bool {
	list := texts(aud)
	return len(list) == 1 && list[0] == clientID
}

// authorizedParty wants azp to be the client where it is present. Rule (4),
// which requires it where there are several audiences, has nothing left to say.
func authorizedParty(claims map[string]any, clientID string) bool {
	azp, present := claims["azp"]
	return !present || azp == clientID
}

// unexpired checks exp, where it is optional.
func unexpired(claims map[string]any, now time.Time) bool {
	v, present := claims["exp"]
	t, ok := numericDate(v)
	return !present || ok && t.After(now.Add(-skew))
}

// within says whether a claim is a time after one and before another.
func within(claims map[string]any, name string, after, before time.Time) bool {
	t, ok := numericDate(claims[name])
	return ok && t.After(after) && t.Before(before)
}

// begun checks nbf, where there is one.
func begun(claims map[string]any, now time.Time) bool {
	v, present := claims["nbf"]
	t, ok := numericDate(v)
	return !present || ok && !t.After(now.Add(nbfLeeway))
}

// numericDate is RFC 7519 section 2: seconds since 1970, as a JSON number.
func numericDate(v any) (time.Time, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return time.Time{}, false
	}
	f, err := n.Float64()
	if err != nil || f <= 0 || f > 1e11 {
		return time.Time{}, false
	}
	whole, fraction := math.Modf(f)
	return time.Unix(int64(whole), int64(fraction*1e9)), true
}

// same compares a claim with a secret of ours.
func same(claim any, want string) bool {
	s, ok := claim.(string)
	return ok && want != "" && subtle.ConstantTimeCompare([]byte(s), []byte(want)) == 1
}

// acrMet says whether the login was made at one of the levels required. The
// request was the browser's to change: the answer counts.
func acrMet(acr any, required []string) bool {
	s, ok := acr.(string)
	return len(required) == 0 || ok && slices.Contains(required, s)
}

// accessTokenHash checks at_hash, which the code flow leaves optional: the left
// half of the access token's SHA-256. Every supported algorithm uses that hash.
func accessTokenHash(claims map[string]any, access string) bool {
	v, present := claims["at_hash"]
	sum := sha256.Sum256([]byte(access))
	return !present || same(v, base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2]))
}

// subject says whether sub can name a person: 1 to 255 visible ASCII characters.
func subject(v any) bool {
	s, ok := v.(string)
	return ok && s != "" && len(s) <= maxSubject && visible(s)
}

// texts reads a claim that is a string or a list of strings, and takes anything
// else for nothing.
func texts(v any) []string {
	if s, ok := v.(string); ok {
		return []string{s}
	}
	list, _ := v.([]any)
	var found []string
	for _, e := range list {
		s, ok := e.(string)
		if !ok {
			return nil
		}
		found = append(found, s)
	}
	return found
}
