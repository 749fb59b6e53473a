package proconnect

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// Steps of a login, in the address of the login endpoint: what a page of ours that goes
// on by itself goes on with. Anybody may write them into a link: none does more than the
// login itself.
const (
	stepGo    = "go"    // the browser was given its secret, for a login by a click
	stepBack  = "back"  // the same, without a click: the page that asked decides
	stepAuto  = "auto"  // without a click, from a page that kept the fragment of its address
	stepWait  = "wait"  // another tab is at ProConnect
	stepParam = "step"  // of the address
	waitParam = "since" // since when a tab waits, or goes on, in Unix seconds
)

// How long a page of ours stands before it goes on, in seconds. Tabs that a browser
// restores at once are each given a secret, of which the last one stays: after a second
// all of them have it (measured with thirty, where going on at once let one through).
const (
	goOnClicked   = 0
	goOnAutomatic = 1
	goOnWaiting   = 2
)

// maxWait is how long a page looks for the end of another tab's login.
const maxWait = time.Hour

// serveLoginStep answers at the login endpoint what is not to be sent to ProConnect, or
// not yet.
func (x *exchange) serveLoginStep(query url.Values) (done bool, err error) {
	_, known := x.browser()
	switch step := query.Get(stepParam); {
	case !known && (step == stepBack || step == stepAuto || (step == stepGo || step == stepWait) && !x.loggedOutBefore()):
		x.ensureBrowser() // for whoever allows cookies, or has this address as a bookmark
		x.login = loginPending
		return true, x.problem(faultCookiesRefused, pages.Problem{RetryURL: x.loginURL(), HomeURL: "/"})
	case !known && step == "" && saysClicked(x.r) && !x.loggedOutBefore():
		return true, x.introduce(stepGo, goOnClicked) // a link of the site's own
	case step == stepBack, step == stepAuto && x.loggedInSince(query.Get(waitParam)):
		return true, redirect(x.w, x.target())
	case step == stepAuto:
		return true, x.startAutomatic()
	case step == stepWait && x.arrived():
		return true, redirect(x.w, x.target())
	case step == stepWait:
		x.ensureBrowser()
		return true, x.wait(sinceOf(query.Get(waitParam)))
	}
	return false, nil // where the secret is not there, the answer brings it
}

// saysClicked says whether a browser tells that somebody clicked: one that does is new
// enough to go on from a page by itself without anybody's notice. It saves whoever keeps
// no cookies the way to ProConnect, where nobody gets anywhere without, and decides nothing.
func saysClicked(r *http.Request) bool { return r.Header.Get("Sec-Fetch-User") == "?1" }

// loggedOutBefore says whether a browser keeps what a logout in another tab left in the
// place of its secret: it refuses no cookies.
func (x *exchange) loggedOutBefore() bool {
	return x.keeper().SilentTried(x.origin, x.cookies)
}

// browser is the secret that the browser has.
func (x *exchange) browser() (session.Browser, bool) {
	return x.keeper().Browser(x.origin, x.cookies)
}

// ensureBrowser gives the browser a secret where it has none. Only a person who looks at
// a page is given one.
func (x *exchange) ensureBrowser() {
	if _, known := x.browser(); !known {
		x.keeper().SetBrowser(x.w, x.origin, session.NewBrowser())
	}
}

// stepURL is the address of the login with a step.
func (x *exchange) stepURL(step string) string { return x.loginURL() + "&" + stepParam + "=" + step }

// stepSince is the same for a page that looks at when it was made.
func (x *exchange) stepSince(step string, since time.Time) string {
	return x.stepURL(step) + "&" + waitParam + "=" + strconv.FormatInt(since.Unix(), 10)
}

// sinceOf reads when the page was made that goes on.
func sinceOf(text string) time.Time {
	since, _ := strconv.ParseInt(text, 10, 64)
	return time.Unix(since, 0)
}

// depart goes to ProConnect by a small page. No server is told of the fragment of an
// address, and a redirect takes it along no further than to the next page that somebody
// looks at, ProConnect's: a few lines of script on a page of ours save it. Like every
// answer to whom the gate does not let through it is no 2xx, which a server that asks
// before it serves (nginx's auth_request, Traefik's forwardAuth) takes for a yes.
func (x *exchange) depart() error {
	if !x.gate.callbackComesBack(x.r, x.origin) {
		return x.callbackLost()
	}
	return x.page(http.StatusUnauthorized, pages.Departing{URL: x.stepSince(stepAuto, x.keeper().Now()), Seconds: goOnClicked})
}

// loggedInSince says whether another tab brought a session after a page was made: the page
// that was asked for decides. Where it makes such a page again, that is newer.
func (x *exchange) loggedInSince(since string) bool {
	return !x.session.IsZero() && x.session.Confirmed().After(sinceOf(since))
}

// kind is what a login is for that goes on from a page of ours.
func (x *exchange) kind() session.Kind {
	if !x.session.IsZero() && len(x.loginOptions().acr) > 0 {
		return session.StepUp
	}
	return session.Login
}

// introduce gives the browser its secret on a small page that goes on by itself. A
// browser that refuses cookies comes on without it and is told so, before ProConnect.
func (x *exchange) introduce(step string, seconds int) error {
	if !x.gate.callbackComesBack(x.r, x.origin) {
		return x.callbackLost()
	}
	x.ensureBrowser()
	return x.page(http.StatusUnauthorized, pages.Departing{URL: x.stepURL(step), Seconds: seconds})
}

// wait answers while another tab of the browser is at ProConnect, where passes at the
// same time kill one another. The page finds the session when it is there; it sends
// nobody to ProConnect by itself, where somebody may be typing a password in the other
// tab. A click does.
func (x *exchange) wait(since time.Time) error {
	view := pages.Waiting{LoginURL: x.loginURL()}
	if age := x.keeper().Now().Sub(since); age >= 0 && age < maxWait {
		view.NextURL, view.Seconds = x.stepSince(stepWait, since), goOnWaiting
	}
	return x.page(http.StatusUnauthorized, view)
}

// arrived says whether the login that a tab waits for brought a session, of a level that
// is wanted or was asked for in vain: the page that was asked for decides.
func (x *exchange) arrived() bool {
	if x.session.IsZero() {
		return false
	}
	acr := x.loginOptions().acr
	return len(acr) == 0 || proved(&x.session, acr) || rules.SameLevels(acr, x.session.RequestedACR)
}
