package proconnect

import (
	"net/url"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// relayCallback sends a browser that comes back from ProConnect on to the site at which
// its login began. done is false where that is this one, or this is not callback_origin.
//
// The order is that of the callback itself: nothing of an answer is looked at before it is
// known to be for this client, and from this ProConnect. Neither code nor state is worth
// anything without the secret that the browser has for its site, which never comes here.
func (x *exchange) relayCallback() (done bool, err error) {
	y := x.gate.client.relay
	if !y.isAt(x.origin) {
		return false, nil // nobody else relays, so nothing loops
	}
	if !atDocument(x.r) {
		return true, x.relayRefused(faultRelayRefused, "it is not a page that a person looks at")
	}
	response, err := rp.ParseResponse(x.url.RawQuery)
	if err != nil {
		return true, x.relayRefused(faultRelayRefused, "the query is malformed")
	}
	a := x.keeper().OpenAttempt(x.r.Context(), response.State)
	if a == nil {
		return true, x.relayRefused(faultRelayUnopened, "the state does not open")
	}
	if err := x.gate.client.provider.CheckIssuer(x.r.Context(), response.Iss); err != nil {
		return true, x.relayRefused(faultRelayRefused, err.Error())
	}
	if now := x.keeper().Now(); a.Late(now) || a.FromTheFuture(now) {
		return true, x.relayRefused(faultRelayRefused, "the login began too long ago")
	}
	if a.BeganAt(x.origin) {
		return false, nil
	}
	return true, x.relayTo(a, response)
}

// relayTo sends the browser on to the site of an attempt with ProConnect's answer: what
// the standards call one, parsed and written anew.
func (x *exchange) relayTo(a *session.Attempt, response rp.Response) error {
	to, gate, ok := x.gate.client.relay.site(a.Site)
	if !ok || !a.BeganAt(to) {
		return x.relayRefused(faultRelaySite, "no site that may have the answer", zap.String("site", a.Site))
	}
	query := make(url.Values)
	for name, value := range map[string]string{
		"code": response.Code, "state": response.State, "iss": response.Iss,
		"error": response.Error, "error_description": response.ErrorDescription, "scope": response.Scope,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return redirect(x.w, to.URL(gate.CallbackPath)+"?"+query.Encode())
}

// relayRefused ends an answer that nobody is sent on with. The page leads nowhere: which
// site was meant is not known, or not to be believed.
func (x *exchange) relayRefused(f fault, why string, details ...zap.Field) error {
	x.reportCallbackRefused(why)
	return x.problem(f, pages.Problem{}, details...)
}
