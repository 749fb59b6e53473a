package proconnect

import (
	"net/http"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// loginFailed answers a login that did not work out: the page says what the
// person can do, the log what the operator can.
func (x *exchange) loginFailed(a *session.Attempt, err error) error {
	x.uri, x.options = a.Target, &loginOptions{a.ACR, a.Gate}
	e := providerError(err)
	if e.Kind == rp.Refused && e.NeedsInteraction() {
		// A normal login is answered so where the session at ProConnect is of an
		// identity provider that was disabled since: only a logout there helps.
		x.reportLoginFailed(a, e, fault{code: pages.ProviderRefused})
		return x.page(http.StatusUnauthorized, pages.Login{
			LoginURL: x.loginURL(), Notice: pages.NoticeLoginRequired, SwitchURL: x.switchURL(),
		})
	}
	f := x.gate.client.loginFaultOf(e, a.LedBack())
	x.reportLoginFailed(a, e, f)
	if e.Kind == rp.ACRUnmet || e.Reason == rp.ReasonACRUnsatisfied {
		return x.acrUnmet(a)
	}
	p := pages.Problem{RetryURL: x.loginURL(), HomeURL: "/"}
	if x.gate.Login == loginAuto && x.gate.match.Everything() {
		p.HomeURL = "" // it would lead to ProConnect at once, and back to this page
	}
	switch f.code {
	case pages.ProviderRefused:
		p.SwitchURL = x.switchURL()
	case pages.IdentityRefused, pages.ClientLimited: // the same account is answered the same
		p.SwitchURL, p.RetryURL = x.switchURL(), ""
	}
	f.cause = "" // told with the error
	return x.problem(f, p)
}
