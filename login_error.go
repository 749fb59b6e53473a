package proconnect

import (
	"errors"
	"net/http"
	"slices"

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
