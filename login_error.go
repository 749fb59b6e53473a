package proconnect

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// loginFailed answers a login that did not work out: the page says what the
// person can do, the log what the operator can.
func (x *exchange) loginFailed(a *session.Attempt, err error) error {
	x.uri, x.options = a.Target, &loginOptions{a.ACR, a.Gate}
	e, ok := errors.AsType[*rp.Error](err)
	if !ok {
		e = &rp.Error{Kind: rp.Invalid, Err: err}
	}
	if e.Kind == rp.Refused && needsInteraction(e.Code) {
		// A normal login is answered so where the session at ProConnect is of an
		// identity provider that was disabled since: only a logout there helps.
		return x.page(http.StatusUnauthorized, pages.Login{
			LoginURL: x.loginURL(), Notice: pages.NoticeLoginRequired, SwitchURL: x.switchURL(),
		})
	}
	x.reportLoginFailed(a, e)
	if e.Kind == rp.ACRUnmet || e.Reason == rp.ReasonACRUnsatisfied {
		return x.acrUnmet(a)
	}
	status, code := problemOf(e)
	if e.Code == "idp_hint_not_found" && a.LedBack() {
		status, code = http.StatusForbidden, pages.ProviderRefused
	}
	p := pages.Problem{Code: code, RetryURL: x.loginURL(), HomeURL: "/"}
	if slices.Contains([]string{pages.ProviderRefused, pages.IdentityRefused, pages.ClientLimited}, code) {
		p.SwitchURL = x.switchURL()
	}
	return x.problem(status, p)
}

// needsInteraction says whether ProConnect only wants to see the person
// (OpenID Connect Core §3.1.2.6).
func needsInteraction(code string) bool {
	return slices.Contains([]string{"login_required", "interaction_required", "consent_required", "account_selection_required"}, code)
}

// problemOf finds the status and the page of an error.
func problemOf(e *rp.Error) (status int, code string) {
	switch e.Kind {
	case rp.Unavailable:
		return http.StatusServiceUnavailable, pages.ProviderUnavailable
	case rp.Misconfigured:
		if e.Stage == rp.StageDiscovery { // another server's answer, whoever has to act
			return http.StatusBadGateway, pages.Misconfigured
		}
		return http.StatusInternalServerError, pages.Misconfigured
	case rp.Refused:
		return refusalOf(e)
	}
	if e.Stage == rp.StageCallback {
		return http.StatusBadRequest, pages.LoginFailed
	}
	return http.StatusBadGateway, pages.LoginFailed
}

// refusalOf does so for what ProConnect answers by itself.
func refusalOf(e *rp.Error) (status int, code string) {
	switch e.Reason {
	case rp.ReasonAborted:
		return http.StatusForbidden, pages.ProviderRetry
	case rp.ReasonSessionGone:
		return http.StatusBadGateway, pages.ProviderRetry
	case rp.ReasonIdentity:
		return http.StatusForbidden, pages.IdentityRefused
	case rp.ReasonClientLimited:
		return http.StatusForbidden, pages.ClientLimited
	}
	switch e.Code {
	case "access_denied":
		return http.StatusForbidden, pages.ProviderRefused
	case "temporarily_unavailable", "server_error":
		return http.StatusServiceUnavailable, pages.ProviderFailed
	case "invalid_request":
		// A failure at the identity provider, where it is no mistake of ours.
		return http.StatusBadGateway, pages.ProviderRetry
	}
	return http.StatusInternalServerError, pages.Misconfigured
}

// remedy names the option that an error speaks of.
func (c *Client) remedy(e *rp.Error) string {
	if e.Clock != nil {
		return remedyOfClock(e.Clock)
	}
	switch e.Reason {
	case rp.ReasonIDTokenAlg:
		return "set signing_alg as the client is registered at ProConnect"
	case rp.ReasonUserinfoAlg, rp.ReasonUserinfoPlainJSON, rp.ReasonUserinfoSigned:
		return "set userinfo_signing_alg as the client is registered at ProConnect (none for plain JSON)"
	case rp.ReasonInvalidClient, rp.ReasonSecretLength:
		return "check client_id and client_secret, and that they belong to " + c.where()
	case rp.ReasonDiscoveryIss, rp.ReasonNotFound, rp.ReasonIssuerURL:
		return "check issuer: it must be spelled as discovery spells it"
	case rp.ReasonDNS, rp.ReasonConnect, rp.ReasonTimeout:
		return "let this machine reach " + c.Issuer + " through the firewall, or set HTTPS_PROXY"
	case rp.ReasonAborted:
		return "nothing for one: the person cancelled, or their identity provider failed; if all logins end so, ask ProConnect's support"
	case rp.ReasonSessionGone:
		return "nothing for one: the person's session at ProConnect ended during the login; if all logins end so, ask ProConnect's support"
	case rp.ReasonIdentity:
		return "nothing: ProConnect does not accept this account, which is blocked or of an organisation that it does not find"
	case rp.ReasonClientLimited:
		return "if this person should enter, ask ProConnect's support to lift the client's limit to public agents, or to some email domains"
	case rp.ReasonTLS:
		return "trust the certificate's authority with ca"
	}
	if e.Kind == rp.Refused || e.Kind == rp.Misconfigured {
		return c.remedyOfCode(e)
	}
	return ""
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

// remedyOfCode says what the operator can do about an OAuth error.
func (c *Client) remedyOfCode(e *rp.Error) string {
	switch e.Code {
	case "invalid_scope":
		scope := e.Scope
		if scope == "" {
			scope = strings.Join(c.asking().Scopes, " ")
		}
		return "ask ProConnect's support to grant the client this scope, or remove the rule, claim or scope that needs it: " + scope
	case "idp_hint_not_found":
		return "check idp_hint: " + c.where() + " has no identity provider of this idp_id"
	case "unauthorized_client", "unsupported_response_type", "unsupported_grant_type":
		return "ask ProConnect's support to register the client for the authorization code flow in " + c.where()
	case "invalid_request":
		return "nothing for one: their identity provider may have failed; if all logins end so, ask ProConnect's support"
	case "server_error", "temporarily_unavailable":
		return "nothing for one: ProConnect or an identity provider fails; if it lasts, ask ProConnect's support"
	case "access_denied":
		return "nothing: it is between ProConnect and the person"
	}
	return "ask ProConnect's support what the client of " + c.where() + " asks for that it may not"
}

// where names the link's ProConnect.
func (c *Client) where() string {
	if c.Environment != "" {
		return "environment " + c.Environment
	}
	return c.Issuer
}
