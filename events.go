package proconnect

// What happens to people is told here and nowhere else: every login, refusal, step-up and
// logout has a function, so that what is told of people, and what is not, can be read in
// one place. Each event is a line of the audit log (audit.go), and what is worth counting
// is counted with it (metrics.go). No name, no email, no text of a rule, unless the
// operator asks for a claim with `audit`. What the operator can do about something is in
// the gate's own log, under the same reference.

import (
	"cmp"
	"net/url"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/listfile"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// The events, as the audit log calls them.
const (
	eventLogin         = "login"
	eventLoginFailed   = "login_failed"
	eventEntered       = "entered"
	eventRefused       = "refused"
	eventWouldRefuse   = "would_refuse"
	eventStepUp        = "step_up"
	eventLogout        = "logout"
	eventRenewed       = "renewed"
	eventEnded         = "ended"
	eventPersonChanged = "person_changed"
	eventListChanged   = "list_changed"
	eventRevoked       = "revoked"
	eventKeysRotated   = "keys_rotated"
)

// reportLogin tells of a login that ended in a session, or that confirmed one.
func (x *exchange) reportLogin(a *session.Attempt, s *session.Session, acr string) {
	event := eventLogin
	if a.Kind == session.Renew && !x.session.IsSomebodyElse(s) {
		event = eventRenewed
	}
	if event == eventLogin {
		x.gate.client.counts.logins.add(levelLabel(acr))
	}
	x.auditAt(event, pathOf(a.Target), &s.Set)
}

// pathOf is the path of a return target. Its query may hold what nobody meant to log.
func pathOf(target string) string {
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return "/"
	}
	return u.Path
}

// enters tells of the first request of a session that a gate let pass, and has no other
// one told. Requests that the browser sends at the same moment are the same entry.
func (x *exchange) enters() {
	if x.refused() || x.session.IsZero() {
		return
	}
	x.keeper().Entered(x.w, x.origin)
	x.reportEntered()
}

func (x *exchange) reportEntered() {
	_, _, due, _ := x.gate.entries.due(dampedKey{family: x.session.Family}, "")
	if due {
		x.audit(eventEntered, &x.session.Set, zap.Int("rule", x.decision.Position()))
	}
}

// reportNotRenewed tells of a session that ProConnect did not confirm, while it is known.
func (x *exchange) reportNotRenewed() {
	x.audit(eventEnded, &x.session.Set, zap.String("reason", "ProConnect does not confirm the session"))
}

// reportPersonChanged tells that a login as somebody else took a session's place.
func (x *exchange) reportPersonChanged(now *session.Session) {
	x.audit(eventPersonChanged, &now.Set, zap.Object("before", auditedPerson{&x.session.Set}))
}

// reportCallbackRefused tells of a callback that belongs to no login of the browser.
func (x *exchange) reportCallbackRefused(why string) {
	x.gate.log.Info("callback refused", zap.String("reference", x.ensureReference()), zap.String("reason", why))
	x.loginFailedBy(faultAttemptUnknown.code)
	x.audit(eventLoginFailed, nil, zap.String("reason", "callback refused: "+why), zap.String("reference", x.reference))
}

// reportNoLogin tells of a login that ends by a fault here, if nothing else told of it: of
// whatever answers a callback by a page of a problem, and of what keeps a login from
// beginning.
func (x *exchange) reportNoLogin(f fault) {
	if x.login != loginPending {
		return
	}
	x.loginFailedBy(f.code)
	x.auditAt(eventLoginFailed, pathOf(x.target()), nil, zap.String("reason", cmp.Or(f.cause, f.code)), zap.String("reference", x.ensureReference()))
}

// loginFailedBy counts a login that brought no session.
func (x *exchange) loginFailedBy(code string) {
	x.login = loginEnded
	x.gate.client.counts.failures.add(code)
}

// reportTooLarge tells of an identity that does not fit into a cookie.
func (x *exchange) reportTooLarge(e *session.TooLargeError) {
	x.gate.log.Error("login refused: the identity does not fit into a cookie; ask for less with `scopes` and `claims`",
		zap.String("reference", x.ensureReference()), zap.String("largest_claim", e.Claim), zap.Int("bytes", e.Bytes))
	x.loginFailedBy(faultSessionTooLarge.code)
	x.audit(eventLoginFailed, nil, zap.String("reason", "the identity does not fit into a cookie"), zap.String("reference", x.reference))
}

// reportStepUp tells that somebody is sent back to ProConnect for another level.
func (x *exchange) reportStepUp() {
	reason := x.decision.Reason()
	_, _, due, _ := x.gate.stepUps.due(dampedKey{family: x.session.Family, reason: reason}, "")
	if due {
		x.audit(eventStepUp, &x.session.Set, zap.String("reason", reason), zap.Strings("acr_values", x.decision.ACR))
	}
}

// reportLogout tells of a logout, while the session is still known.
func (x *exchange) reportLogout() { x.audit(eventLogout, &x.session.Set) }

// reportLogoutHereOnly tells of one that ProConnect will not hear of.
func (x *exchange) reportLogoutHereOnly(err error) {
	x.gate.log.Warn("logged out here, but not at ProConnect", zap.Error(err))
}

// reportLoginFailed says what went wrong and what the operator can do about it.
func (x *exchange) reportLoginFailed(a *session.Attempt, e *rp.Error, f fault) {
	x.loginFailedBy(f.code)
	reference := zap.String("reference", x.ensureReference())
	fields := []zap.Field{
		reference, zap.String("client", x.gate.client.name), zap.Error(e),
		zap.String("redirect_uri", x.redirectURI()),
	}
	if f.remedy != "" && f.cause == "" {
		fields = append(fields, zap.String("remedy", f.remedy))
	}
	switch {
	case e.Reason == rp.ReasonAborted, e.Reason == rp.ReasonCanceled: // anybody can, and it says nothing of ProConnect
		x.gate.log.Info("login cancelled", fields...)
	case e.Kind == rp.Refused && (e.Code == "access_denied" || e.NeedsInteraction()):
		x.gate.log.Info("login refused by ProConnect", fields...)
	case e.Reason == rp.ReasonSessionGone:
		x.gate.log.Warn("login failed", fields...)
	case e.Kind == rp.Unavailable:
		x.gate.reportOnce(f, fields...)
	default:
		x.gate.log.Error("login failed", fields...)
	}
	x.auditAt(eventLoginFailed, pathOf(a.Target), nil, zap.String("reason", e.Error()), reference)
}

// reportRefused tells of a refusal, once a minute for a session and what refused it. It
// names rules and fields, and never what is in them.
func (x *exchange) reportRefused() {
	x.gate.counts.refusals.add(ruleLabel(x.decision.Position()))
	reason := x.decision.Reason()
	known, more, due, over := x.gate.refusals.due(dampedKey{x.session.Family, x.decision.Position(), reason}, x.ensureReference())
	x.reference = known
	x.gate.reportAgain(eventRefused, over)
	if !due {
		return
	}
	x.audit(eventRefused, &x.session.Set, zap.Int("rule", x.decision.Position()), zap.String("reason", reason),
		zap.String("reference", known), zap.Strings("rules", x.gate.rules.Outlines(x.decision)), zap.Int("since_the_last", more))
}

// reportWouldRefuse tells of somebody whom the gate admits and the rules of its report
// would refuse, as rarely as of a refusal. There is no page, and so no reference.
func (x *exchange) reportWouldRefuse(d rules.Decision) {
	reason := d.Reason()
	_, more, due, over := x.gate.would.due(dampedKey{x.session.Family, d.Position(), reason}, "")
	x.gate.reportAgain(eventWouldRefuse, over)
	if due {
		x.audit(eventWouldRefuse, &x.session.Set, zap.Int("rule", d.Position()), zap.String("reason", reason),
			zap.Strings("rules", x.gate.tried.Outlines(d)), zap.Int("since_the_last", more))
	}
}

// reportAgain tells how many events had no line, where nobody is about to have the next.
func (h *Handler) reportAgain(event string, over []counted) {
	for _, c := range over {
		h.client.audit.write(event, zap.String("site", h.site), zap.Int("rule", c.rule), zap.String("reason", c.reason),
			zap.String("reference", c.reference), zap.Int("since_the_last", c.more))
	}
}

// Cleanup tells the number of events that have no line yet.
func (h *Handler) Cleanup() error {
	if h.client != nil {
		h.reportAgain(eventRefused, h.refusals.rest())
		h.reportAgain(eventWouldRefuse, h.would.rest())
	}
	return nil
}

// reportListChanged tells that another version of a list decides.
func (a *App) reportListChanged(l *listfile.List, before int) {
	a.auditLog.Info(eventListChanged, zap.String("event", eventListChanged), zap.String("file", l.Path()), zap.String("field", l.Field()),
		zap.Int("entries_before", before), zap.Int("entries_after", l.Set().Len()), zap.Int("faulty_lines", l.Bad().Total))
}

// revokedAll is the field of an event that ended the sessions of everybody.
const revokedAll = "all"

// byStorage is who ended sessions that this node learned of from the storage: another
// node's operator, or one without a node.
const byStorage = "storage"

// reportRevoked tells that an operator ended sessions, and who or what says so. An email
// stands in the audit log only if it is told of people at all.
func (c *Client) reportRevoked(by, field, value string, err error) {
	if !auditedAlways(field) && field != "siren" && !slices.ContainsFunc(c.audit.claims, func(ref claims.Ref) bool { return ref.Name == field }) {
		value = ""
	}
	fields := []zap.Field{zap.String("field", field), zap.String("value", value), zap.String("by", by)}
	if err != nil {
		fields = append(fields, zap.NamedError("error", onThisNodeOnly(err)))
	}
	c.audit.write(eventRevoked, fields...)
}

// reportKeyRotated tells that another key seals sessions than at the last look, whoever
// made it.
func (c *Client) reportKeyRotated() {
	c.mu.Lock()
	defer c.mu.Unlock()
	created := c.keeper.KeyCreated()
	if before := c.keySeen; !before.IsZero() && !created.Equal(before) {
		c.audit.write(eventKeysRotated, zap.Time("created", created.UTC().Truncate(time.Second)))
	}
	c.keySeen = created
}
