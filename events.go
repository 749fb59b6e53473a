package proconnect

// What happens to people is reported here and nowhere else: every login, refusal,
// step-up and logout has a function, so that one file shows what is logged about
// people and what is not. No name, no email, no text of a rule.

import (
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// reportLogin tells of a login that ended in a session.
func (x *exchange) reportLogin(s *session.Session) { x.gate.log.Info("login", whoField(&s.Set)) }

// reportNotRenewed tells of a session that ProConnect did not confirm, while it is known.
func (x *exchange) reportNotRenewed() {
	x.gate.log.Info("session ended: ProConnect does not confirm it", whoField(&x.session.Set))
}

// reportPersonChanged tells that a login as somebody else took a session's place.
func (x *exchange) reportPersonChanged(now *session.Session) {
	x.gate.log.Info("person changed", whoField(&now.Set), zap.Object("before", loggedIdentity{&x.session.Set}))
}

// reportCallbackRefused tells of a callback that belongs to no login of the browser.
func (x *exchange) reportCallbackRefused(why string) {
	x.gate.log.Info("callback refused", zap.String("reference", x.ensureReference()), zap.String("reason", why))
}

// reportTooLarge tells of an identity that does not fit into a cookie.
func (x *exchange) reportTooLarge(e *session.TooLargeError) {
	x.gate.log.Error("login refused: the identity does not fit into a cookie; ask for less with `scopes` and `claims`",
		zap.String("reference", x.ensureReference()), zap.String("largest_claim", e.Claim), zap.Int("bytes", e.Bytes))
}

// reportStepUp tells that somebody is sent back to ProConnect for another level.
func (x *exchange) reportStepUp() {
	x.gate.log.Debug("step up", zap.Strings("acr_values", x.decision.ACR), whoField(&x.session.Set))
}

// reportLogout tells of a logout, while the session is still known.
func (x *exchange) reportLogout() { x.gate.log.Info("logout", whoField(&x.session.Set)) }

// reportLogoutHereOnly tells of one that ProConnect will not hear of.
func (x *exchange) reportLogoutHereOnly(err error) {
	x.gate.log.Warn("logged out here, but not at ProConnect", zap.Error(err))
}

// reportLoginFailed says what went wrong and what the operator can do about it.
func (x *exchange) reportLoginFailed(a *session.Attempt, e *rp.Error, f fault) {
	fields := []zap.Field{
		zap.String("reference", x.ensureReference()), zap.String("client", x.gate.client.name), zap.Error(e),
		zap.String("redirect_uri", x.redirectURI()),
	}
	if f.remedy != "" && f.cause == "" {
		fields = append(fields, zap.String("remedy", f.remedy))
	}
	switch {
	case e.Reason == rp.ReasonAborted, e.Reason == rp.ReasonCanceled: // anybody can, and it says nothing of ProConnect
		x.gate.log.Info("login cancelled", fields...)
	case e.Kind == rp.Refused && e.Code == "access_denied":
		x.gate.log.Info("login refused by ProConnect", fields...)
	case e.Reason == rp.ReasonSessionGone:
		x.gate.log.Warn("login failed", fields...)
	case e.Kind == rp.Unavailable:
		x.gate.reportOnce(f, fields...)
	default:
		x.gate.log.Error("login failed", fields...)
	}
}

// reportRefused logs a refusal, once a minute for a session and what refused it. It names
// rules and fields, and never what is in them.
func (x *exchange) reportRefused() {
	reason := x.decision.Reason()
	known, more, due, over := x.gate.refusals.due(refusalKey{x.session.Family, reason}, x.ensureReference())
	x.reference = known
	x.gate.reportRefusedAgain(over)
	if !due {
		return
	}
	x.gate.log.Info("refused", zap.String("reference", known), zap.String("reason", reason),
		zap.Strings("rules", x.gate.rules.Outlines(x.decision)), zap.Int("since_the_last", more),
		zap.String("path", originalPath(x.r)), whoField(&x.session.Set))
}

func (h *Handler) reportRefusedAgain(over []counted) {
	for _, c := range over {
		h.log.Info("refused again", zap.String("reference", c.reference), zap.String("reason", c.reason), zap.Int("times", c.more))
	}
}

// Cleanup logs the number of refusals that have no line yet.
func (h *Handler) Cleanup() error {
	if h.refusals != nil {
		h.reportRefusedAgain(h.refusals.rest())
	}
	return nil
}
