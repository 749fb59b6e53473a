package proconnect

import (
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
)

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

// where names the client's ProConnect.
func (c *Client) where() string {
	if c.Environment != "" {
		return "environment " + c.Environment
	}
	return c.Issuer
}
