package proconnect

import (
	"net/http"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// A renewal has ProConnect confirm a session: that its single sign-on lives, and as the
// same account. The next page that somebody opens passes by there and comes back. It
// never takes anything from anybody: while it cannot be had, people go on for a grace as
// long as the time after which it was due, and only then is it asked for like a login.
//
// Whatever ProConnect answers has a next step, and none leads back here at once:
//
//   - a code: the session is confirmed; of another person, a page names both
//   - login_required and the like: the session ends, the page asks for a login
//   - access_denied: the session ends, the page says that ProConnect refuses the account
//   - anything else: the page goes on until the grace is over, and renewals are put off
//     for a minute; after the grace, the page that a failed login ends on
//   - no answer at all, since ProConnect shows a page of its own: whoever comes back to
//     the site goes on, and is sent there again when a quarter of the grace has passed,
//     and after it

// renewOnTheWay has the page that somebody opens pass by ProConnect, if the session is due
// and nothing speaks against it.
func (x *exchange) renewOnTheWay() (sent bool, err error) {
	client := x.gate.client
	switch {
	case x.gate.Optional: // it might strand people on an open site
		return false, nil
	case !x.comesBackWhole(): // nothing is worth losing what was asked for, within the grace
		return false, nil
	case !x.mayPassQuietly() || client.keeper.RenewalPutOff(x.origin, x.cookies):
		return false, nil
	case client.provider.Answering() != rp.Answers:
		return false, nil
	}
	browser, known := x.browser()
	if !known {
		x.ensureBrowser() // for the next page
		return false, nil
	}
	location, err := x.passQuietly(session.Renew, browser)
	if err != nil {
		x.gate.log.Debug("a renewal is put off", zap.Error(err))
		return false, nil
	}
	client.keeper.AwaitRenewal(x.w, x.origin)
	return true, redirect(x.w, location)
}

// comesBackWhole says whether a login leads back to just the address that was asked for.
func (x *exchange) comesBackWhole() bool {
	target := x.target()
	return len(target) <= session.MaxTarget && x.returnTo(target) == target
}

// requireRenewal answers somebody whose session is to be confirmed, the grace being over.
func (x *exchange) requireRenewal() error {
	switch who := audienceOf(x.r); {
	case who == framed:
		return x.page(http.StatusUnauthorized, pages.Framed{URL: x.pageAsked(x.r)})
	case who == programmatic || x.r.Method == http.MethodHead:
		return x.unauthorized(x.programLoginURL(x.r))
	case x.r.Method != http.MethodGet:
		return x.page(http.StatusUnauthorized, x.formLost(x.r))
	case isEarly(x.r): // browsers ask again when the handshake is complete (RFC 8470 §5.2)
		return x.problem(faultTooEarly, pages.Problem{RetryURL: x.pageAsked(x.r)})
	case !x.mayPassQuietly():
		return x.loginsInVain()
	}
	switch x.gate.client.provider.Answering() {
	case rp.Silent:
		return x.renewalUnavailable()
	case rp.Asking:
		return x.lookAgain()
	}
	browser, known := x.browser()
	if !known {
		return x.introduce(stepBack, goOnAutomatic)
	}
	location, err := x.passQuietly(session.Renew, browser)
	switch err {
	case nil:
		return redirect(x.w, location)
	case errAnotherPass:
		return x.waitHere()
	case errCallbackLost:
		return x.callbackLost()
	}
	return x.renewalUnavailable()
}

// renewalUnavailable answers a page while nobody can confirm the session.
func (x *exchange) renewalUnavailable() error {
	return x.problem(faultRenewalUnavailable, pages.Problem{RetryURL: x.pageAsked(x.r), HomeURL: "/"})
}

// renews says whether an answer is for a renewal of this browser's session. One that has
// ended since, or was replaced, is renewed by nothing: the page decides what is next.
func (x *exchange) renews(a *session.Attempt) bool {
	return a.Kind != session.Renew || !x.session.IsZero() && x.session.Family == a.Family
}

// renewalFailed answers a renewal that brought nothing. That the attempt is this
// browser's, and the session's, is known: an error that a stranger made up ends nothing.
func (x *exchange) renewalFailed(a *session.Attempt, err error) error {
	if x.overtaken(a) { // of the same family, maybe: ending it would end what just began
		return redirect(x.w, a.Target)
	}
	e := providerError(err)
	answered := e.Kind == rp.Refused && e.Stage == rp.StageCallback
	switch {
	case answered && e.NeedsInteraction():
		x.endSession()
		return redirect(x.w, a.Target)
	case answered && e.Code == "access_denied":
		x.endSession()
		return x.loginFailed(a, err)
	case x.overdue():
		return x.loginFailed(a, err)
	}
	f := x.gate.client.loginFaultOf(e, false)
	x.reportLoginFailed(a, e, f)
	x.keeper().PutOffRenewal(x.w, x.origin)
	return redirect(x.w, a.Target)
}

// endSession ends the session that ProConnect does not confirm, everywhere. Nobody is
// asked silently after it: ProConnect has just said what it would answer.
func (x *exchange) endSession() {
	keeper := x.keeper()
	keeper.Revoke(&x.session)
	keeper.EndSession(x.w, x.origin, x.gate.logoutPath())
	keeper.NoteSilent(x.w, x.origin)
	x.reportNotRenewed()
	x.session = session.Session{}
}
