package proconnect

import (
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// maxRounds is how many attempts in a row begin by themselves at the callback.
const maxRounds = 2

// openAttempt opens the attempt that an answer is for, if it is of this client and
// origin; else it says why not.
func (x *exchange) openAttempt(response rp.Response, now time.Time) (a *session.Attempt, why string) {
	a = x.keeper().OpenAttempt(x.r.Context(), response.State)
	switch {
	case a == nil:
		return nil, "the state does not open"
	case !a.BeganAt(x.origin):
		return nil, "the login began at another origin"
	case a.FromTheFuture(now):
		return nil, "the login began in the future"
	}
	if err := x.gate.client.provider.CheckIssuer(x.r.Context(), response.Iss); err != nil {
		return nil, err.Error()
	}
	return a, ""
}

// notOurs answers a callback that belongs to no login here: an old bookmark, or an
// attack. Nothing is consumed. Whoever is logged in goes on.
func (x *exchange) notOurs(why string) error {
	x.uri = "/"
	return x.stopAttempt(faultAttemptUnknown, why)
}

// lateAttempt answers a callback that comes after its time.
func (x *exchange) lateAttempt(a *session.Attempt, mine bool) error {
	if mine && x.mayStartAgain(a) {
		return x.startLogin(a.Again())
	}
	return x.stopAttempt(faultAttemptUnknown, "the login began too long ago")
}

// foreignAttempt answers a callback of an attempt that another secret began: an
// attacker's, or this browser's before its secret was replaced. Neither code nor error is
// looked at, and the person is never asked silently.
func (x *exchange) foreignAttempt(a *session.Attempt) error {
	if x.mayStartAgain(a) {
		return x.startLogin(a.Again())
	}
	return x.attemptElsewhere("the login is of another browser, again and again")
}

// attemptElsewhere answers a callback in a browser that did not begin the login, or
// forgot that it did. Without a click it would go round for ever.
func (x *exchange) attemptElsewhere(why string) error {
	return x.stopAttempt(faultOtherBrowser, why)
}

// stopAttempt sends whoever is logged in on to where they were going, and offers others
// a login that they begin by a click.
func (x *exchange) stopAttempt(f fault, why string) error {
	if !x.session.IsZero() {
		return redirect(x.w, x.target())
	}
	x.reportCallbackRefused(why)
	return x.problem(f, pages.Problem{RetryURL: x.loginURL(), HomeURL: "/"})
}

// mayStartAgain says whether a login begins anew by itself.
func (x *exchange) mayStartAgain(a *session.Attempt) bool {
	return x.session.IsZero() && a.Round < maxRounds && mayStartLogin(x.r)
}
