package proconnect

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
)

// serveLogin starts a login. Its address stands in links and in the answers to
// programs; anybody may send a browser there, which costs a click at most.
func (h *Handler) serveLogin(w http.ResponseWriter, r *http.Request, v *visit) error {
	query := r.URL.Query()
	v.uri = returnTarget(query.Get("return_to"), h.Path)
	switch audienceOf(r) {
	case frame:
		return h.page(w, r, v, http.StatusUnauthorized, pages.Framed{LoginURL: v.loginURL()})
	case machines:
		return h.unauthorized(w, r, v)
	}
	var acr []string
	for _, value := range strings.Fields(query.Get("acr_values")) {
		if !slices.Contains(acrKnown, value) {
			return h.problem(w, r, v, http.StatusBadRequest, pages.Problem{Code: pages.BadRequest, RetryURL: v.loginURL(), HomeURL: "/"})
		}
		acr = appendNew(acr, value)
	}
	return h.startLogin(w, r, v, &attempt{Target: v.uri, ACR: acr})
}

// startLogin sends the browser to ProConnect for an attempt, of which the target
// is known, and the levels of assurance if some are required: exactly these,
// because ProConnect compares them as a set.
func (h *Handler) startLogin(w http.ResponseWriter, r *http.Request, v *visit, a *attempt) error {
	if !h.callbackComesBack(r, v.place) {
		return h.callbackLost(w, r, v)
	}
	a.begin(v.place.url(h.CallbackPath), h.Path, time.Now())
	a.Scopes = h.client.asking().scopes
	if v.open(r, h.client); !v.session.isZero() {
		a.Family = v.session.family[:]
	}
	location, err := h.client.provider.AuthorizationURL(r.Context(), rp.AuthorizationRequest{
		RedirectURI: a.RedirectURI, State: a.State, Nonce: a.Nonce, Verifier: a.Verifier,
		Scopes: a.Scopes, ACRValues: a.ACR, IDPHint: h.IDPHint, SiretHint: h.SiretHint,
	})
	if err != nil {
		return h.loginFailed(w, r, v, a, err)
	}
	if err := h.client.keep(r.Context(), w, v.place, v.cookies, a); err != nil {
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

// loginFailed answers a login that did not work out: the page says what the
// person can do, the log what the operator can.
func (h *Handler) loginFailed(w http.ResponseWriter, r *http.Request, v *visit, a *attempt, err error) error {
	v.uri = a.Target
	e, ok := errors.AsType[*rp.Error](err)
	if !ok {
		e = &rp.Error{Kind: rp.Invalid, Err: err}
	}
	if e.Kind == rp.Refused && needsInteraction(e.Code) {
		return h.page(w, r, v, http.StatusUnauthorized, pages.Login{LoginURL: v.loginURL(), Notice: pages.NoticeLoginRequired})
	}
	h.logFailure(v, a, e)
	if e.Kind == rp.ACRUnmet || e.Reason == rp.ReasonACRUnsatisfied {
		return h.acrUnmet(w, r, v, a)
	}
	status, code := problemOf(e)
	return h.problem(w, r, v, status, pages.Problem{Code: code, RetryURL: v.loginURL(), HomeURL: "/"})
}

// needsInteraction says whether ProConnect only wants to see the person
// (OpenID Connect Core §3.1.2.6).
func needsInteraction(code string) bool {
	return slices.Contains([]string{"login_required", "interaction_required", "consent_required", "account_selection_required"}, code)
}

// problemOf finds the status and the page of an error.
func problemOf(e *rp.Error) (status int, code string) {
	switch e.Kind {
	case rp.Unavailable:
		return http.StatusServiceUnavailable, pages.ProviderUnavailable
	case rp.Misconfigured:
		if e.Stage == rp.StageDiscovery { // another server's answer, whoever has to act
			return http.StatusBadGateway, pages.Misconfigured
		}
		return http.StatusInternalServerError, pages.Misconfigured
	case rp.Refused:
		switch e.Code {
		case "access_denied":
			return http.StatusForbidden, pages.ProviderRefused
		case "temporarily_unavailable", "server_error":
			return http.StatusServiceUnavailable, pages.ProviderUnavailable
		case "invalid_request":
			// ProConnect's word for a cancel, or a failure, at the identity provider.
			return http.StatusBadGateway, pages.ProviderRetry
		}
		return http.StatusInternalServerError, pages.Misconfigured
	}
	if e.Stage == rp.StageCallback {
		return http.StatusBadRequest, pages.LoginFailed
	}
	return http.StatusBadGateway, pages.LoginFailed
}

// logFailure says what went wrong and what the operator can do about it.
func (h *Handler) logFailure(v *visit, a *attempt, e *rp.Error) {
	fields := []zap.Field{
		zap.String("reference", v.refer()), zap.String("client", h.client.name), zap.Error(e),
		zap.String("redirect_uri", a.RedirectURI),
	}
	if remedy := h.client.remedy(e); remedy != "" {
		fields = append(fields, zap.String("remedy", remedy))
	}
	switch {
	case e.Kind == rp.Refused && e.Code == "access_denied":
		h.log.Info("login refused by ProConnect", fields...)
	case e.Kind == rp.Unavailable:
		h.complain("ProConnect does not answer, so nobody can log in", fields...)
	default:
		h.log.Error("login failed", fields...)
	}
}

// remedy names the option that an error speaks of.
func (c *Client) remedy(e *rp.Error) string {
	switch e.Reason {
	case rp.ReasonIDTokenAlg:
		return "set signing_alg as the client is registered at ProConnect"
	case rp.ReasonUserinfoAlg, rp.ReasonUserinfoPlainJSON, rp.ReasonUserinfoSigned:
		return "set userinfo_signing_alg as the client is registered at ProConnect (none for plain JSON)"
	case rp.ReasonInvalidClient, rp.ReasonSecretLength:
		return "check client_id and client_secret, and that they belong to " + c.where()
	case rp.ReasonDiscoveryIss, rp.ReasonNotFound, rp.ReasonIssuerURL:
		return "check issuer: it must be spelled as discovery spells it"
	case rp.ReasonDNS, rp.ReasonConnect, rp.ReasonTimeout:
		return "let this machine reach " + c.Issuer + " through the firewall, or set HTTPS_PROXY"
	case rp.ReasonTLS:
		return "trust the certificate's authority with ca"
	}
	if e.Code == "invalid_scope" {
		scope := e.Scope
		if scope == "" {
			scope = strings.Join(c.asking().scopes, " ")
		}
		return "ask ProConnect's support to grant the client this scope, or remove the rule, claim or scope that needs it: " + scope
	}
	return ""
}

// where names the link's ProConnect.
func (c *Client) where() string {
	if c.Environment != "" {
		return "environment " + c.Environment
	}
	return c.Issuer
}

// openSession opens the session cookie into s, which stays empty if there is
// none that is alive and not revoked.
func (c *Client) openSession(ctx context.Context, p place, cookies []string, s *session) {
	value, ok := findCookie(cookies, c.names(p.secure).session)
	if !ok || len(value) > maxSessionCookie {
		return
	}
	plain, err := c.sessions.Open(ctx, value, p.host)
	if err != nil {
		return
	}
	if s.decode(plain) != nil || !s.alive(time.Now(), c.lifetime) || c.revoked.has(ctx, s.family) {
		*s = session{}
	}
}
