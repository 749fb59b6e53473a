package proconnect

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
)

// serveCallback takes what ProConnect answers and establishes who the person is.
// It runs no rules: the gate of the page that they go to decides.
func (h *Handler) serveCallback(w http.ResponseWriter, r *http.Request, v *visit) error {
	v.open(r, h.client)
	response, err := rp.ParseResponse(v.url.RawQuery)
	if err != nil {
		return h.attemptUnknown(w, r, v, "the query is malformed")
	}
	a := h.client.keeper.FindAttempt(r.Context(), v.origin, v.cookies, response.State)
	if a == nil {
		return h.attemptUnknown(w, r, v, "no attempt of this browser has this state")
	}
	ctx, cancel := context.WithTimeout(r.Context(), callbackTime)
	defer cancel()
	var turn *turn
	if response.Code != "" {
		if turn, err = h.client.tokenCalls.begin(ctx, addressOf(r)); err != nil {
			return h.tooManyLogins(w, r, v, a, err)
		}
	}
	h.client.keeper.ForgetAttempt(w, v.origin, a)
	result, err := h.redeem(ctx, turn, response, a)
	if errors.Is(err, errAttemptUsed) {
		return h.attemptUnknown(w, r, v, errAttemptUsed.Error())
	}
	if err != nil {
		return h.loginFailed(w, r, v, a, err)
	}
	return h.establish(w, r, v, a, result)
}

// attemptUnknown answers a callback that belongs to no login of this browser: an
// old bookmark, a second click, or an attack. Whoever is logged in goes on.
func (h *Handler) attemptUnknown(w http.ResponseWriter, r *http.Request, v *visit, why string) error {
	if !v.session.IsZero() {
		return redirect(w, "/")
	}
	code := pages.AttemptUnknown
	if len(v.cookies) == 0 && v.url.Query().Has("state") { // without, it is a bookmark
		code = pages.CookiesRefused
	}
	v.uri = "/"
	h.log.Info("callback refused", zap.String("reference", v.refer()), zap.String("reason", why))
	return h.problem(w, r, v, http.StatusBadRequest, pages.Problem{Code: code, RetryURL: v.loginURL(), HomeURL: "/"})
}

// establish makes a session of who ProConnect says the person is.
func (h *Handler) establish(w http.ResponseWriter, r *http.Request, v *visit, a *session.Attempt, result *rp.Result) error {
	s := h.client.newSession(&v.session, a, result, time.Now())
	// A logout that ran meanwhile ended the family: nothing resurrects it, nor
	// does a login that began with it bring another session.
	if h.client.keeper.Revoked(r.Context(), s.Family) || h.client.keeper.Revoked(r.Context(), a.FamilyID()) {
		return h.attemptUnknown(w, r, v, "the session was logged out meanwhile")
	}
	err := h.client.keeper.Save(r.Context(), w, v.origin, s)
	if tooLarge, ok := errors.AsType[*session.TooLargeError](err); ok {
		h.log.Error("login refused: the identity does not fit into a cookie; ask for less with `scopes` and `claims`",
			zap.String("reference", v.refer()), zap.String("largest_claim", tooLarge.Claim), zap.Int("bytes", tooLarge.Bytes))
		return h.problem(w, r, v, http.StatusInternalServerError, pages.Problem{Code: pages.SessionTooLarge, HomeURL: "/"})
	}
	if err != nil {
		return h.storageFailed(w, r, v, err)
	}
	if a.Automatic {
		h.client.keeper.CountAutoLogin(w, v.origin, v.cookies)
	}
	h.client.keeper.SaveIDToken(r.Context(), w, v.origin, s.Family, result.IDToken, h.logoutPath(), a.Target)
	h.revokeReplaced(r, v, s.Family)
	h.log.Info("login", whoField(&s.Set))
	return redirect(w, a.Target)
}

// revokeReplaced ends the session of another person whom this login takes the place of:
// their cookie is gone from this browser, and no logout would end its copies.
func (h *Handler) revokeReplaced(r *http.Request, v *visit, family session.Family) {
	if !v.session.IsZero() && v.session.Family != family {
		h.client.keeper.Revoke(r.Context(), &v.session)
	}
}

// newSession continues the family of the same person's session, or begins one.
// Of the same person, the levels proven before stay proven: ProConnect answers
// eidas1 to any plain login, also minutes after one with two factors.
func (c *Client) newSession(old *session.Session, a *session.Attempt, result *rp.Result, now time.Time) *session.Session {
	raw := make(map[string]any, len(result.Claims)+3)
	for name, value := range result.Claims {
		raw[name] = value
	}
	raw["sub"], raw["acr"], raw["amr"] = result.Subject, result.ACR, anyList(result.AMR)
	provider := claims.Read(claims.KindID, raw["idp_id"])
	same := !old.IsZero() && old.First(claims.Sub) == result.Subject && result.Subject != "" &&
		slices.Equal(old.Of(claims.IDPID), provider) && !slices.Contains(provider, "")
	// Where idp_id is not asked for, the same sub may be another account of another
	// provider: it is the same family, and has to prove its level by itself.
	if same && len(provider) > 0 {
		proven := anyList(old.Of(claims.ACR))
		if result.ACR != "" && !slices.Contains(proven, any(result.ACR)) {
			proven = append(proven, result.ACR)
		}
		raw["acr"] = proven
	}
	if !same {
		old = nil
	}
	return c.keeper.New(claims.New(c.asking().Granted(a.Scopes), raw), a.ACR, old, now)
}

func anyList(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}
