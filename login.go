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
func (h *Handler) serveLogin(w http.ResponseWriter, r *http.Request, v *visit) error {
	query := v.url.Query()
	v.uri = origin.ReturnTarget(query.Get("return_to"), h.Path)
	v.open(r, h.client)
	options, ok := h.client.readOptions(query)
	if !ok {
		return h.problem(w, r, v, http.StatusBadRequest, pages.Problem{Code: pages.BadRequest, RetryURL: v.loginURL(), HomeURL: "/"})
	}
	if len(options.acr) == 0 {
		options.acr = v.missingLevels()
	}
	v.options = &options
	switch audienceOf(r) {
	case frame:
		return h.page(w, r, v, http.StatusUnauthorized, pages.Framed{URL: v.loginURL()})
	case machines:
		return h.unauthorized(w, r, v, v.loginURL())
	}
	return h.startLogin(w, r, v, &session.Attempt{Target: v.target(), ACR: options.acr, Gate: options.gate})
}

// startLogin sends the browser to ProConnect for an attempt, of which the target
// is known, and the levels of assurance if some are required: exactly these,
// because ProConnect compares them as a set.
func (h *Handler) startLogin(w http.ResponseWriter, r *http.Request, v *visit, a *session.Attempt) error {
	if !h.callbackComesBack(r, v.origin) {
		return h.callbackLost(w, r, v)
	}
	a.Begin(v.origin.URL(h.CallbackPath), h.Path, time.Now())
	a.Scopes = h.client.asking().Scopes
	if v.open(r, h.client); !v.session.IsZero() {
		a.Family = v.session.Family[:]
	}
	hint := h.hintsFor(a, &v.session)
	location, err := h.client.provider.AuthorizationURL(r.Context(), rp.AuthorizationRequest{
		RedirectURI: a.RedirectURI, State: a.State, Nonce: a.Nonce, Verifier: a.Verifier,
		Scopes: a.Scopes, ACRValues: a.ACR, IDPHint: hint.idp, SiretHint: hint.siret, LoginHint: hint.email,
	})
	if err != nil {
		return h.loginFailed(w, r, v, a, err)
	}
	if err := h.client.keeper.BeginAttempt(r.Context(), w, v.origin, v.cookies, a); err != nil {
		return h.storageFailed(w, r, v, err)
	}
	return redirect(w, h.browserURL(location))
}

// browserURL is where the browser finds what the provider advertises: the
// simulated ProConnect answers below the gate's own path.
func (h *Handler) browserURL(location string) string {
	if h.client.sandbox == nil {
		return location
	}
	return h.Path + "/sandbox" + strings.TrimPrefix(location, sandboxIssuer)
}

// storageFailed answers when nothing can be sealed.
func (h *Handler) storageFailed(w http.ResponseWriter, r *http.Request, v *visit, err error) error {
	h.complain("storage does not answer, so no login can start: see Caddy's `storage` option", zap.Error(err))
	return h.problem(w, r, v, http.StatusServiceUnavailable, pages.Problem{Code: pages.StorageUnavailable, RetryURL: v.loginURL()})
}
