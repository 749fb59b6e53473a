package rp

import (
	"context"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// maxJWT bounds a token: what is larger is not worth a look.
const maxJWT = 64 << 10

// signingAlgs are the algorithms that can be configured.
var signingAlgs = []string{RS256, ES256, HS256}

// minHMACKey is RFC 7518 section 3.2.
const minHMACKey = 32

// signed verifies one JWT with the one algorithm that the client is registered
// for.
type signed struct {
	p         *Provider
	md        *metadata
	stage     Stage
	alg       string // as configured
	algReason Reason // what to say when the token has another one
}

// verify checks the form, then the header, then the signature of a compact JWT,
// and returns its payload.
func (s *signed) verify(ctx context.Context, raw string) ([]byte, error) {
	jws, kid, hasKid, err := s.parse(raw)
	if err != nil {
		return nil, err
	}
	if s.alg == HS256 {
		return s.bySecret(jws)
	}
	return s.byKeys(ctx, jws, kid, hasKid)
}

// parse checks the form and the header.
func (s *signed) parse(raw string) (jws *jose.JSONWebSignature, kid string, hasKid bool, err error) {
	if !slices.Contains(signingAlgs, s.alg) {
		return nil, "", false, fail(s.stage, Misconfigured, ReasonUnsupportedAlg)
	}
	header, err := s.split(raw)
	if err != nil {
		return nil, "", false, err
	}
	if kid, hasKid, err = s.header(header); err != nil {
		return nil, "", false, err
	}
	jws, err = jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(s.alg)})
	if err != nil {
		return nil, "", false, fail(s.stage, Invalid, ReasonHeader)
	}
	return jws, kid, hasKid, nil
}

// split insists on the compact serialisation, to the byte: three parts of
// base64url (RFC 7515 section 7.1). It returns the header.
func (s *signed) split(raw string) ([]byte, error) {
	if len(raw) > maxJWT {
		return nil, fail(s.stage, Invalid, ReasonTooLarge)
	}
	parts := strings.Split(raw, ".")
	if len(parts) == 5 {
		return nil, fail(s.stage, Misconfigured, ReasonEncrypted)
	}
	if len(parts) != 3 {
		return nil, fail(s.stage, Invalid, ReasonJWT)
	}
	var header []byte
	for i, part := range parts {
		b, ok := decodeBase64URL(part)
		if !ok { // an empty signature too
			return nil, fail(s.stage, Invalid, ReasonJWT)
		}
		if i == 0 {
			header = b
		}
	}
	return header, nil
}

// header reads the JOSE header. jwk, jku and x5u, by which a token would bring
// its own key, are not looked at.
func (s *signed) header(raw []byte) (kid string, hasKid bool, err error) {
	h, err := parseObject(raw)
	if err != nil {
		return "", false, fail(s.stage, Invalid, ReasonHeader)
	}
	if alg, _ := h["alg"].(string); alg != s.alg {
		return "", false, s.otherAlg(alg)
	}
	// RFC 7515 section 4.1.11 and RFC 7797: no extension is understood.
	_, crit := h["crit"]
	_, b64 := h["b64"]
	// RFC 8725 section 3.11: an access or a logout token is no ID token.
	typ, hasTyp := h["typ"]
	typText, _ := typ.(string)
	if crit || b64 || hasTyp && !strings.EqualFold(typText, "JWT") {
		return "", false, fail(s.stage, Invalid, ReasonHeader)
	}
	id, hasKid := h["kid"]
	kid, ok := id.(string)
	if hasKid && !ok {
		return "", false, fail(s.stage, Invalid, ReasonHeader)
	}
	return kid, hasKid, nil
}

// otherAlg tells a client registered for another algorithm, which its operator
// can set right, from "none" and inventions.
func (s *signed) otherAlg(alg string) error {
	e := fail(s.stage, Invalid, s.algReason)
	if slices.Contains(knownAlgs, alg) {
		e.Kind, e.Detail = Misconfigured, alg
	}
	return e
}

// bySecret verifies HS256, whose key is the bytes of the client secret (OpenID
// Connect Core section 10.1). Published keys are never consulted.
func (s *signed) bySecret(jws *jose.JSONWebSignature) ([]byte, error) {
	payload, err := jws.Verify([]byte(s.p.cfg.ClientSecret))
	if err != nil {
		return nil, fail(s.stage, Invalid, ReasonSignature)
	}
	return payload, nil
}

// byKeys verifies with the provider's keys, and once more with newer ones: it
// may just have rotated them.
func (s *signed) byKeys(ctx context.Context, jws *jose.JSONWebSignature, kid string, hasKid bool) ([]byte, error) {
	set, err := s.p.keys.current(ctx, s.p, s.md.jwks)
	if err != nil {
		return nil, s.noKeys(err)
	}
	if payload, ok := verifyAny(jws, set.candidates(s.alg, kid, hasKid)); ok {
		return payload, nil
	}
	set, err = s.p.keys.newer(ctx, s.p, s.md.jwks, set)
	if reason(err) == ReasonKeysLimited {
		return nil, fail(s.stage, Invalid, ReasonSignature)
	}
	if err != nil {
		return nil, s.noKeys(err)
	}
	if payload, ok := verifyAny(jws, set.candidates(s.alg, kid, hasKid)); ok {
		return payload, nil
	}
	return nil, fail(s.stage, Invalid, ReasonSignature)
}

func (s *signed) noKeys(err error) error {
	e := fail(s.stage, Unavailable, ReasonKeys)
	e.Err = err
	return e
}

func verifyAny(jws *jose.JSONWebSignature, keys []publicKey) ([]byte, bool) {
	for _, k := range keys {
		if payload, err := jws.Verify(k.key); err == nil {
			return payload, true
		}
	}
	return nil, false
}
