package proconnect

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
)

// loginFault is a row of what a login can end in at ProConnect, by what the relying
// party says of it. What a row leaves empty matches anything.
type loginFault struct {
	reason  rp.Reason
	kind    rp.Kind
	stage   rp.Stage
	code    string // of OAuth
	ledBack bool   // only of a login that was led to the session's own identity provider

	fault
}

// matches says whether an error is of the row.
func (f *loginFault) matches(e *rp.Error, ledBack bool) bool {
	switch {
	case f.reason != "" && f.reason != e.Reason, f.kind != "" && f.kind != e.Kind, f.stage != "" && f.stage != e.Stage:
		return false
	case f.code != "" && (f.code != e.Code || e.Kind != rp.Refused && e.Kind != rp.Misconfigured):
		return false
	}
	return !f.ledBack || ledBack
}

// sees is the half of a row that the person sees, does the half that the operator reads.
func sees(status int, code string) fault { return fault{status: status, code: code} }
func does(remedy string) fault           { return fault{remedy: remedy} }

// loginFaults are those rows. Of the rows that match an error, the first that has a page
// gives the page, and the first that has a remedy gives the remedy.
var loginFaults = []loginFault{
	{code: "idp_hint_not_found", ledBack: true, fault: fault{
		status: http.StatusForbidden, code: pages.ProviderRefused,
		remedy: "nothing: the identity provider of the person's session is gone from ProConnect; they log in with another account",
	}},

	{kind: rp.Unavailable, fault: fault{status: http.StatusServiceUnavailable, code: pages.ProviderUnavailable}},
	{kind: rp.Misconfigured, stage: rp.StageDiscovery, fault: sees(http.StatusBadGateway, pages.Misconfigured)}, // another server's answer
	{kind: rp.Misconfigured, fault: sees(http.StatusInternalServerError, pages.Misconfigured)},

	{kind: rp.Refused, reason: rp.ReasonAborted, fault: sees(http.StatusForbidden, pages.ProviderRetry)},
	{kind: rp.Refused, reason: rp.ReasonSessionGone, fault: sees(http.StatusBadGateway, pages.ProviderRetry)},
	{kind: rp.Refused, reason: rp.ReasonIdentity, fault: sees(http.StatusForbidden, pages.IdentityRefused)},
	{kind: rp.Refused, reason: rp.ReasonClientLimited, fault: sees(http.StatusForbidden, pages.ClientLimited)},
	{kind: rp.Refused, code: "access_denied", fault: sees(http.StatusForbidden, pages.ProviderRefused)},
	{kind: rp.Refused, code: "temporarily_unavailable", fault: sees(http.StatusServiceUnavailable, pages.ProviderFailed)},
	{kind: rp.Refused, code: "server_error", fault: sees(http.StatusServiceUnavailable, pages.ProviderFailed)},
	{kind: rp.Refused, code: "invalid_request", fault: sees(http.StatusBadGateway, pages.ProviderRetry)}, // at the identity provider, where it is no mistake of ours
	{kind: rp.Refused, fault: sees(http.StatusInternalServerError, pages.Misconfigured)},
	{stage: rp.StageCallback, fault: sees(http.StatusBadRequest, pages.LoginFailed)},
	{fault: sees(http.StatusBadGateway, pages.LoginFailed)},

	{reason: rp.ReasonIDTokenAlg, fault: does("set signing_alg as the client is registered at ProConnect")},
	{reason: rp.ReasonUserinfoAlg, fault: does(remedyUserinfo)},
	{reason: rp.ReasonUserinfoPlainJSON, fault: does(remedyUserinfo)},
	{reason: rp.ReasonUserinfoSigned, fault: does(remedyUserinfo)},
	{reason: rp.ReasonInvalidClient, fault: does(remedyCredentials)},
	{reason: rp.ReasonSecretLength, fault: does(remedyCredentials)},
	{reason: rp.ReasonDiscoveryIss, fault: does(remedyIssuer)},
	{reason: rp.ReasonNotFound, fault: does(remedyIssuer)},
	{reason: rp.ReasonIssuerURL, fault: does(remedyIssuer)},
	{reason: rp.ReasonDNS, fault: does(remedyReach)},
	{reason: rp.ReasonConnect, fault: does(remedyReach)},
	{reason: rp.ReasonTimeout, fault: does(remedyReach)},
	{reason: rp.ReasonTLS, fault: does("trust the certificate's authority with ca")},
	{reason: rp.ReasonAborted, fault: does("nothing for one: the person cancelled, or their identity provider failed; if all logins end so, ask ProConnect's support")},
	{reason: rp.ReasonSessionGone, fault: does("nothing for one: the person's session at ProConnect ended during the login; if all logins end so, ask ProConnect's support")},
	{reason: rp.ReasonIdentity, fault: does("nothing: ProConnect does not accept this account, which is blocked or of an organisation that it does not find")},
	{reason: rp.ReasonClientLimited, fault: does("if this person should enter, ask ProConnect's support to lift the client's limit to public agents, or to some email domains")},
	{code: "invalid_scope", fault: does("ask ProConnect's support to grant the client this scope, or remove the rule, claim or scope that needs it: {scope}")},
	{code: "idp_hint_not_found", fault: does("check idp_hint: {provider} has no identity provider of this idp_id")},
	{code: "unauthorized_client", fault: does(remedyRegistration)},
	{code: "unsupported_response_type", fault: does(remedyRegistration)},
	{code: "unsupported_grant_type", fault: does(remedyRegistration)},
	{code: "invalid_request", fault: does("nothing for one: their identity provider may have failed; if all logins end so, ask ProConnect's support")},
	{code: "server_error", fault: does(remedyWait)},
	{code: "temporarily_unavailable", fault: does(remedyWait)},
	{code: "access_denied", fault: does("nothing: it is between ProConnect and the person")},
	{kind: rp.Refused, fault: does(remedySupport)},
	{kind: rp.Misconfigured, fault: does(remedySupport)},
}

// Remedies of several rows.
const (
	remedyUserinfo     = "set userinfo_signing_alg as the client is registered at ProConnect (none for plain JSON)"
	remedyCredentials  = "check client_id and client_secret, and that they belong to {provider}; if they were changed in the environment since Caddy was started, restart it"
	remedyIssuer       = "check issuer: it must be spelled as discovery spells it"
	remedyReach        = "let this machine reach {issuer} through the firewall, or set HTTPS_PROXY"
	remedyRegistration = "ask ProConnect's support to register the client for the authorization code flow in {provider}"
	remedyWait         = "nothing for one: ProConnect or an identity provider fails; if it lasts, ask ProConnect's support"
	remedySupport      = "ask ProConnect's support what the client of {provider} asks for that it may not"
)

// loginFaultOf finds the fault of a login that failed.
func (c *Client) loginFaultOf(e *rp.Error, ledBack bool) (f fault) {
	for i := range loginFaults {
		row := &loginFaults[i]
		if !row.matches(e, ledBack) {
			continue
		}
		if f.code == "" {
			f.status, f.code = row.status, row.fault.code
		}
		f.remedy = cmp.Or(f.remedy, row.remedy)
	}
	if e.Clock != nil {
		f.remedy = remedyOfClock(e.Clock)
	}
	scope := cmp.Or(e.Scope, strings.Join(c.asking().Scopes, " "))
	f.remedy = strings.NewReplacer("{provider}", c.where(), "{issuer}", c.Issuer, "{scope}", scope).Replace(f.remedy)
	if f.code == pages.ProviderUnavailable {
		f.cause = "ProConnect does not answer, so nobody can log in"
	}
	return f
}

// where names the client's ProConnect.
func (c *Client) where() string {
	if c.Environment != "" {
		return "environment " + c.Environment
	}
	return c.Issuer
}

// remedyOfClock says whose clock to set.
func remedyOfClock(c *rp.Clock) string {
	switch c.Whose {
	case rp.WhoseOurs:
		return "set this machine's clock: is its time synchronisation (NTP) running?"
	case rp.WhoseTheirs:
		return "nothing for one, this machine's clock is right; if it lasts, tell ProConnect's support"
	}
	return "check this machine's clock and its time synchronisation (NTP); if it is right, tell ProConnect's support"
}
