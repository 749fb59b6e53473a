package proconnect

import (
	"errors"
	"net/http"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

var (
	errAnotherPass  = errors.New("another tab of the browser is at ProConnect")
	errCallbackLost = errors.New("the callback does not come back to the gate")
)

// passQuietly returns where ProConnect answers without a question to the person
// (prompt=none): bare, since a level or a hint that does not fit makes ProConnect forget
// its session and show a login page. The browser has a secret.
func (x *exchange) passQuietly(kind session.Kind, browser session.Browser) (location string, err error) {
	if !x.gate.callbackComesBack(x.r, x.origin) {
		return "", errCallbackLost
	}
	now, client := x.keeper().Now(), x.gate.client
	a := &session.Attempt{Kind: kind, Automatic: true, Target: x.target(), Gate: x.gate.gateKey()}
	secrets, err := x.beginAttempt(a, browser, now)
	if err != nil {
		return "", err
	}
	location, err = client.provider.AuthorizationURL(x.r.Context(), rp.AuthorizationRequest{
		RedirectURI: x.redirectURI(), State: secrets.State, Nonce: secrets.Nonce, Verifier: secrets.Verifier,
		Scopes: a.Scopes, Prompt: "none",
	})
	if err != nil {
		return "", err
	}
	if !client.keeper.BeginFlight(x.w, x.origin, x.cookies, browser, a, now) {
		return "", errAnotherPass
	}
	return x.gate.browserURL(location), nil
}

// mayPassQuietly says whether a request is a page that somebody opens, and may be sent
// round by ProConnect: a browser that just came back several times would go on for ever.
func (x *exchange) mayPassQuietly() bool {
	return mayStartLogin(x.r) && !isEarly(x.r) && probeOf(x.r) == nil &&
		x.keeper().AutoLogins(x.origin, x.cookies) < maxAutoLogins
}

// lookAgain answers until it is known whether ProConnect does: the page opens again by
// itself, and is decided anew.
func (x *exchange) lookAgain() error {
	return x.page(http.StatusUnauthorized, pages.Departing{URL: x.returnTo(x.target()), Seconds: goOnAutomatic})
}

// waitHere answers while another tab of the browser is at ProConnect: the page opens
// again by itself, and is decided anew.
func (x *exchange) waitHere() error {
	here := x.returnTo(x.target())
	return x.page(http.StatusUnauthorized, pages.Waiting{LoginURL: x.loginURL(), NextURL: here, Seconds: goOnWaiting})
}

// attemptFailed answers a login that brought no session: what nobody clicked for ends
// where the person was.
func (x *exchange) attemptFailed(a *session.Attempt, err error) error {
	switch a.Kind {
	case session.Renew:
		return x.renewalFailed(a, err)
	case session.Silent:
		return x.silentFailed(a, err)
	}
	return x.loginFailed(a, err)
}

// turnRefused answers a login whose turn at ProConnect did not come. What nobody clicked
// for is not worth a page.
func (x *exchange) turnRefused(a *session.Attempt, browser session.Browser, err error) error {
	keeper := x.keeper()
	switch {
	case a.Kind == session.Renew && !x.overdue():
		keeper.PutOffRenewal(x.w, x.origin)
	case a.Kind == session.Silent:
		keeper.NoteSilent(x.w, x.origin)
	default:
		return x.tooManyLogins(err)
	}
	x.reportNoLogin(crowdFault(err))
	keeper.EndFlight(x.w, x.origin, browser)
	return redirect(x.w, a.Target)
}

// providerError is the error of a pass.
func providerError(err error) *rp.Error {
	if e, ok := errors.AsType[*rp.Error](err); ok {
		return e
	}
	return &rp.Error{Kind: rp.Invalid, Err: err}
}
