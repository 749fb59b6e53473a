package proconnect

import (
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// serveLogin starts a login. Its address stands in links and in the answers to
// programs; anybody may send a browser there, which costs a click at most.
func (x *exchange) serveLogin() error {
	query := x.url.Query()
	x.uri = origin.ReturnTarget(query.Get("return_to"), x.gate.Path)
	if x.open(x.r); x.unread {
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
	return x.startLogin(&session.Attempt{Target: x.target(), ACR: options.acr, Gate: options.gate})
}

// startLogin sends the browser to ProConnect for an attempt, of which the target
// is known, and the levels of assurance if some are required: exactly these,
// because ProConnect compares them as a set.
func (x *exchange) startLogin(a *session.Attempt) error {
	if !x.gate.callbackComesBack(x.r, x.origin) {
		return x.callbackLost()
	}
	a.Begin(x.origin.URL(x.gate.CallbackPath), x.gate.Path, time.Now())
	a.Scopes = x.gate.client.asking().Scopes
	if x.open(x.r); !x.session.IsZero() {
		a.Family = x.session.Family[:]
	}
	hint := x.gate.hintsFor(a, &x.session)
	location, err := x.gate.client.provider.AuthorizationURL(x.r.Context(), rp.AuthorizationRequest{
		RedirectURI: a.RedirectURI, State: a.State, Nonce: a.Nonce, Verifier: a.Verifier,
		Scopes: a.Scopes, ACRValues: a.ACR, IDPHint: hint.idp, SiretHint: hint.siret, LoginHint: hint.email,
	})
	if err != nil {
		return x.loginFailed(a, err)
	}
	if err := x.gate.client.keeper.BeginAttempt(x.r.Context(), x.w, x.origin, x.cookies, a); err != nil {
		return x.storageFailed(err)
	}
	return redirect(x.w, x.gate.browserURL(location))
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
