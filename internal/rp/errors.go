package rp

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Stage is the part of a login that went wrong.
type Stage string

// The stages, in the order in which a login passes them.
const (
	StageDiscovery Stage = "discovery"
	StageCallback  Stage = "callback"
	StageToken     Stage = "token"
	StageKeys      Stage = "keys" // only as the cause of an error of another stage, and of Check
	StageUserinfo  Stage = "userinfo"
	StageLogout    Stage = "logout"
)

// Kind says what can be done about an error.
type Kind string

// The kinds.
const (
	Unavailable   Kind = "unavailable"   // no answer, or a broken one: a later try may work
	Refused       Kind = "refused"       // an OAuth error, in Error.Code
	ACRUnmet      Kind = "acr unmet"     // the login was weaker than required
	Invalid       Kind = "invalid"       // an answer that must not be trusted
	Misconfigured Kind = "misconfigured" // the operator has to act
)

// Reason says in fixed words what was wrong: they are for operators, and for
// the caller to tell errors apart.
type Reason string

// Reasons why a call did not bring an answer worth reading.
const (
	ReasonCanceled    Reason = "the browser went away"
	ReasonTimeout     Reason = "no answer in time"
	ReasonDNS         Reason = "host name not resolved"
	ReasonConnect     Reason = "connection refused or unreachable"
	ReasonProxy       Reason = "outgoing proxy failed"
	ReasonTLS         Reason = "TLS certificate or handshake refused"
	ReasonNetwork     Reason = "connection broken"
	ReasonStatus      Reason = "unexpected HTTP status"
	ReasonRedirect    Reason = "answered by a redirect"
	ReasonContentType Reason = "unexpected content type"
	ReasonTooLarge    Reason = "answer too large"
	ReasonJSON        Reason = "answer is not a strict JSON object"
)

// Reasons of discovery, keys and end session.
const (
	ReasonIssuerURL    Reason = "configured issuer is not an https URL"
	ReasonClient       Reason = "client id or secret missing"
	ReasonNotFound     Reason = "no discovery document at the issuer"
	ReasonDiscoveryIss Reason = "discovery names another issuer"
	ReasonEndpoint     Reason = "discovery has a missing or unsafe endpoint"
	ReasonKeys         Reason = "provider's keys unavailable"
	ReasonKeysLimited  Reason = "keys were fetched too often lately"
	ReasonNoUsableKey  Reason = "no key fits the configured algorithm"
	ReasonNoEndSession Reason = "provider has no end session endpoint"
)

// Reasons of the callback.
const (
	ReasonQuery          Reason = "malformed query"
	ReasonRepeated       Reason = "parameter given twice"
	ReasonState          Reason = "state missing or malformed"
	ReasonCode           Reason = "code missing or malformed"
	ReasonCodeAndError   Reason = "code and error together"
	ReasonErrorCode      Reason = "malformed error"
	ReasonIncomplete     Reason = "login attempt is incomplete"
	ReasonResponseIss    Reason = "iss is not the configured issuer"
	ReasonResponseNoIss  Reason = "iss missing though the provider announces it"
	ReasonRefused        Reason = "provider answered an error"
	ReasonACRUnsatisfied Reason = "provider could not satisfy the required acr"
	ReasonAborted        Reason = "cancelled, or failed at the identity provider"
	ReasonIdentity       Reason = "provider does not accept this identity"
	ReasonClientLimited  Reason = "client is limited to other people at the provider"
)

// Reasons of the token answer.
const (
	ReasonSessionGone    Reason = "the person's session at the provider has ended" // of userinfo too
	ReasonInvalidClient  Reason = "client id or secret refused: wrong secret, or another environment's"
	ReasonInvalidGrant   Reason = "code refused: used, expired, or made for another request"
	ReasonAccessToken    Reason = "access token missing or malformed"
	ReasonTokenType      Reason = "token type is not Bearer"
	ReasonIDTokenMissing Reason = "id token missing"
)

// Reasons of signed answers: the ID token, and userinfo when it is signed.
const (
	ReasonIDTokenAlg     Reason = "id token is not signed with the configured algorithm"
	ReasonUserinfoAlg    Reason = "userinfo is not signed with the configured algorithm"
	ReasonUnsupportedAlg Reason = "configured algorithm is not supported"
	ReasonSecretLength   Reason = "client secret is too short for HS256"
	ReasonEncrypted      Reason = "answer is encrypted"
	ReasonJWT            Reason = "not a compact JWT"
	ReasonHeader         Reason = "JWT header not acceptable"
	ReasonSignature      Reason = "signature not verified by any key"
	ReasonPayload        Reason = "JWT payload is not a strict JSON object"
	ReasonIssuer         Reason = "iss is wrong"
	ReasonAudience       Reason = "aud is wrong"
	ReasonAZP            Reason = "azp is wrong"
	ReasonExpiry         Reason = "exp is missing, past or too far ahead"
	ReasonIssuedAt       Reason = "iat is missing, too old or ahead"
	ReasonNotBefore      Reason = "nbf is ahead"
	ReasonNonce          Reason = "nonce is wrong"
	ReasonACR            Reason = "acr is not one of those required"
	ReasonAccessHash     Reason = "at_hash is wrong"
	ReasonSubject        Reason = "sub is missing or malformed"
	ReasonLibrary        Reason = "refused by the OpenID Connect library"
)

// Reasons of userinfo alone.
const (
	ReasonUserinfoPlainJSON Reason = "userinfo is plain JSON though a signed answer is configured"
	ReasonUserinfoSigned    Reason = "userinfo is signed though plain JSON is configured"
	ReasonUserinfoIDToken   Reason = "userinfo is an ID token"
	ReasonUserinfoSubject   Reason = "userinfo is about another sub than the id token"
)

// Error is what every failure of this package is. Its text is made of fixed
// words, enumerated values and numbers only: nothing secret, and no text that a
// provider or a browser chose.
type Error struct {
	Stage  Stage
	Kind   Kind
	Reason Reason

	// Code is the OAuth error of a provider that answered one: a registered
	// value, ProConnect's own idp_hint_not_found, or "other".
	Code string

	// Detail is a value from a closed list: a registered signature algorithm, or
	// one of ProConnect's error numbers (Y and six digits).
	Detail string

	// Status is the HTTP status of an answer with an unexpected one, else 0.
	Status int

	// Scope names the scope that the client was not granted, where the provider
	// said so with invalid_scope. The browser carried it: its characters are
	// those of a scope name, its value may be anybody's. Error leaves it out.
	Scope string

	// Clock says how far a token's time is off, and whose clock that is, where a
	// time was refused. Its numbers are the only ones that a provider chose.
	Clock *Clock

	// Err is the cause where it is one of ours: the context's, the system's, or
	// another *Error.
	Err error
}

// Error describes the failure for a log.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Stage) + ": " + string(e.Kind) + ": " + string(e.Reason))
	if e.Code != "" {
		b.WriteString(" (" + e.Code + ")")
	}
	if e.Detail != "" {
		b.WriteString(" (" + e.Detail + ")")
	}
	if e.Status != 0 {
		b.WriteString(" (HTTP " + strconv.Itoa(e.Status) + ")")
	}
	if e.Clock != nil {
		b.WriteString(" (" + e.Clock.String() + ")")
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func fail(stage Stage, kind Kind, reason Reason) *Error {
	return &Error{Stage: stage, Kind: kind, Reason: reason}
}

// reason returns the reason of an error of this package.
func reason(err error) Reason {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}
	return ""
}

// knownCodes are the errors that an authorization or token endpoint may answer.
var knownCodes = []string{
	// RFC 6749 sections 4.1.2.1 and 5.2
	"invalid_request", "unauthorized_client", "access_denied", "unsupported_response_type", "invalid_scope",
	"server_error", "temporarily_unavailable", "invalid_client", "invalid_grant", "unsupported_grant_type",
	// OpenID Connect Core section 3.1.2.6
	"interaction_required", "login_required", "account_selection_required", "consent_required",
	"invalid_request_uri", "invalid_request_object", "request_not_supported", "request_uri_not_supported",
	"registration_not_supported",
	// OpenID Connect Core Error Code unmet_authentication_requirements
	"unmet_authentication_requirements",
	// ProConnect's own
	"idp_hint_not_found",
}

// knownCode returns an OAuth error that may be logged.
func knownCode(code string) string {
	if slices.Contains(knownCodes, code) {
		return code
	}
	return "other"
}

// knownAlgs are the registered signature algorithms (RFC 7518 section 3.1,
// RFC 8037, RFC 8812, RFC 9864).
var knownAlgs = []string{
	HS256, "HS384", "HS512", RS256, "RS384", "RS512", ES256, "ES384", "ES512", "PS256", "PS384", "PS512",
	"EdDSA", "ES256K", "Ed25519", "Ed448",
}

// NeedsInteraction says whether the provider only wants to see the person (OpenID Connect
// Core §3.1.2.6).
func (e *Error) NeedsInteraction() bool {
	switch e.Code {
	case "login_required", "interaction_required", "consent_required", "account_selection_required":
		return true
	}
	return false
}
