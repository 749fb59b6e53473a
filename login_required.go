package proconnect

import (
	"net/http"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// requireLogin answers somebody who is not logged in, or not far enough.
func (x *exchange) requireLogin() error {
	if x.overdue() && x.decision.Outcome == rules.Login && x.decision.Claim == "" {
		return x.requireRenewal()
	}
	switch who := audienceOf(x.r); {
	case who == framed:
		return x.page(http.StatusUnauthorized, pages.Framed{URL: x.loginTo(x.pageAsked(x.r))})
	case who == programmatic || x.r.Method == http.MethodHead:
		return x.unauthorized(x.programLoginURL(x.r))
	case x.r.Method != http.MethodGet:
		return x.page(http.StatusUnauthorized, x.formLost(x.r))
	case x.gate.Login == loginAuto || !x.session.IsZero():
		return x.redirectToLogin()
	case x.gate.Login == loginSilent:
		return x.silent()
	}
	return x.showLogin()
}

// requireStepUp sends somebody back to ProConnect for a login at another level.
func (x *exchange) requireStepUp() error {
	if mayStartLogin(x.r) {
		x.reportStepUp()
		return x.redirectToLogin()
	}
	return x.requireLogin()
}

// maxAutoLogins is how many logins without a click may end, within a minute, in a
// session that does not open the page.
const maxAutoLogins = 3

// redirectToLogin sends somebody to ProConnect without a click, unless they just came
// back from there several times: a browser that does not keep the session would
// go round for ever.
func (x *exchange) redirectToLogin() error {
	if x.keeper().AutoLogins(x.origin, x.cookies) >= maxAutoLogins {
		return x.loginsInVain()
	}
	if _, known := x.browser(); !known {
		return x.introduce(stepBack, goOnAutomatic)
	}
	if x.r.Header.Get("Sec-Fetch-Mode") != "" {
		return x.depart()
	}
	return x.startAutomatic()
}

// startAutomatic sends the browser to ProConnect without a click.
func (x *exchange) startAutomatic() error {
	options := x.loginOptions()
	return x.startLogin(&session.Attempt{Kind: x.kind(), Target: x.target(), ACR: options.acr, Gate: options.gate, Automatic: true})
}

// loginsInVain answers somebody whom several logins brought no further.
func (x *exchange) loginsInVain() error {
	x.login = loginPending
	f := faultCookiesRefused
	if !x.session.IsZero() {
		f = faultSessionNotEnough
	}
	p := pages.Problem{RetryURL: x.loginURL()}
	if !x.session.IsZero() { // the same account would be told the same
		p.SwitchURL = x.switchURL()
	}
	return x.problem(f, p, zap.String("reason", x.reason()))
}
