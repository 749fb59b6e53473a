package proconnect

import (
	"net/http"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// silent answers a stranger who opens a page: ProConnect is asked once, without a
// question to the person, and whoever is not logged in there meets the login page. Once a
// browser, until it is closed, and never after a logout: a person who left must not come
// back by a page that a browser opens by itself.
func (x *exchange) silent() error {
	keeper := x.keeper()
	switch tried := keeper.SilentTried(x.origin, x.cookies); {
	case !x.mayPassQuietly():
		return x.showLogin()
	case tried && keeper.Flying(x.origin, x.cookies): // of tabs restored at once, one is asked for all
		return x.waitHere()
	case tried:
		return x.showLogin()
	}
	browser, known := x.browser()
	switch answering := x.gate.client.provider.Answering(); {
	case answering == rp.Silent: // the browser's error would stand where the page may be
		return x.showLogin()
	case !known:
		return x.introduce(stepBack, goOnAutomatic)
	case answering == rp.Asking:
		return x.lookAgain()
	}
	location, err := x.passQuietly(session.Silent, browser)
	switch err {
	case nil:
		keeper.NoteSilent(x.w, x.origin)
		return redirect(x.w, location)
	case errAnotherPass:
		return x.waitHere()
	}
	x.gate.log.Debug("a silent login is left out", zap.Error(err))
	return x.showLogin()
}

// showLogin answers with the page with ProConnect's button.
func (x *exchange) showLogin() error {
	if !x.gate.callbackComesBack(x.r, x.origin) {
		return x.callbackLost()
	}
	x.ensureBrowser()
	return x.page(http.StatusUnauthorized, pages.Login{LoginURL: x.stepURL(stepGo)})
}

// silentFailed answers a silent login that brought no session, whatever the reason: the
// page that was asked for shows the login page.
func (x *exchange) silentFailed(a *session.Attempt, err error) error {
	if e := providerError(err); !e.NeedsInteraction() {
		x.reportLoginFailed(a, e, x.gate.client.loginFaultOf(e, false))
	}
	x.keeper().NoteSilent(x.w, x.origin)
	return redirect(x.w, a.Target)
}
