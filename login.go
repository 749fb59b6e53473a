package proconnect

import (
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// serveLogin starts a login. Its address stands in links and in the answers to
// programs; anybody may send a browser there, which costs a click at most.
func (x *exchange) serveLogin() error {
	query := x.url.Query()
	x.uri = x.returnTo(query.Get("return_to"))
	if x.open(x.r); x.unread() {
		return x.sessionsUnread()
	}
	options, ok := x.gate.client.readOptions(query)
	if !ok {
		return x.problem(faultBadRequest, pages.Problem{RetryURL: x.loginURL(), HomeURL: "/"})
	}
	if len(options.acr) == 0 {
		options.acr = x.missingLevels()
	}
	x.options = &options
	switch audienceOf(x.r) {
	case framed:
		return x.page(http.StatusUnauthorized, pages.Framed{URL: x.loginURL()})
	case programmatic:
		return x.unauthorized(x.loginURL())
	}
	if done, err := x.serveLoginStep(query); done {
		return err
	}
	return x.startLogin(&session.Attempt{Target: x.target(), ACR: options.acr, Gate: options.gate})
}

// startLogin sends the browser to ProConnect for an attempt, of which the target
// is known, and the levels of assurance if some are required: exactly these,
// because ProConnect compares them as a set. Without a click it goes unless another
// tab of the browser is on its way.
func (x *exchange) startLogin(a *session.Attempt) error {
	x.login = loginPending
	if !x.gate.callbackComesBack(x.r, x.origin) {
		return x.callbackLost()
	}
	now, client := x.keeper().Now(), x.gate.client
	browser, known := x.browser()
	if !known {
		browser = session.NewBrowser()
	}
	secrets, err := x.beginAttempt(a, browser, now)
	if err != nil {
		return x.storageFailed(err)
	}
	location, err := x.authorizationURL(a, secrets)
	if err != nil {
		return x.loginFailed(a, err)
	}
	if !a.Automatic {
		client.keeper.NoteFlight(x.w, x.origin, browser, a, now)
	} else if !client.keeper.BeginFlight(x.w, x.origin, x.cookies, browser, a, now) {
		return x.wait(now)
	}
	if !known { // with the answer that leads away, and with no other
		client.keeper.SetBrowser(x.w, x.origin, browser)
	}
	return redirect(x.w, x.gate.browserURL(location))
}

// beginAttempt gives an attempt what every one has: what is asked for, the session that
// it begins with, and its site where another host takes the answer for it.
func (x *exchange) beginAttempt(a *session.Attempt, browser session.Browser, now time.Time) (session.Secrets, error) {
	client := x.gate.client
	a.Scopes = client.asking().Scopes
	if client.relay != nil {
		a.Site = x.origin.URL("")
	}
	if x.open(x.r); !x.session.IsZero() {
		a.Family = x.session.Family
	}
	return client.keeper.BeginAttempt(x.r.Context(), x.origin, browser, a, now)
}

// authorizationURL is where ProConnect is asked for an attempt.
func (x *exchange) authorizationURL(a *session.Attempt, secrets session.Secrets) (string, error) {
	hint := x.gate.hintsFor(a, &x.session)
	return x.gate.client.provider.AuthorizationURL(x.r.Context(), rp.AuthorizationRequest{
		RedirectURI: x.redirectURI(), State: secrets.State, Nonce: secrets.Nonce, Verifier: secrets.Verifier,
		Scopes: a.Scopes, ACRValues: a.ACR, IDPHint: hint.idp, SiretHint: hint.siret, LoginHint: hint.email,
	})
}

// browserURL is where the browser finds what the provider advertises: the
// simulated ProConnect answers below the gate's own path.
func (h *Handler) browserURL(location string) string {
	if h.client.sandbox == nil {
		return location
	}
	return h.Path + "/sandbox" + strings.TrimPrefix(location, sandboxIssuer)
}

// sessionsUnread answers who has a session of which nobody can tell whether it was logged
// out before this process began: the storage, which knows, was not read yet.
func (x *exchange) sessionsUnread() error {
	p := pages.Problem{HomeURL: "/"}
	if x.r.Method == http.MethodGet {
		p.RetryURL = x.url.RequestURI()
	}
	return x.problem(faultSessionsUnread, p)
}

// storageFailed answers when nothing can be sealed.
func (x *exchange) storageFailed(err error) error {
	return x.problem(faultStorage, pages.Problem{RetryURL: x.loginURL()}, zap.Error(err))
}
