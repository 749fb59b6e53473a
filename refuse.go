package proconnect

import (
	"net/http"
	"slices"
	"strings"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// refuse answers a person whom the rules do not admit.
func (x *exchange) refuse() error {
	x.reportRefused()
	if x.gate.Errors == errorsCaddy {
		return x.toErrorChain(x.w, x.r, http.StatusForbidden, errRefused)
	}
	if audienceOf(x.r) == programmatic {
		return x.forbidden()
	}
	view := x.refusedView()
	x.explain(&view)
	return x.page(http.StatusForbidden, view)
}

// refusedView is the page of a refusal, with the person whom it is about.
func (q *request) refusedView() pages.Refused {
	view := pages.Refused{SwitchURL: q.switchURL(), LogoutURL: q.logoutURL()}
	if q.entered && q.opensElsewhere() { // by the gate of the whole site, say
		view.HomeURL = "/"
	}
	if !q.session.IsZero() {
		id := &q.session.Set
		view.Name, view.Email = id.Name(), id.First(claims.Email)
		view.Organization, view.Siret = id.First(claims.OrganizationLabel), id.First(claims.SIRET)
	}
	return view
}

// opensElsewhere says whether the site's first page may open to whom this one does not: it
// is another, and this gate is not for all of the site.
func (q *request) opensElsewhere() bool { return q.url.Path != "/" && !q.gate.match.Everything() }

// explain puts a refusal into the terms of the page.
func (q *request) explain(view *pages.Refused) {
	d := q.decision
	if d.By != nil {
		view.Reasons, view.Together = q.denied(d)
	} else {
		for _, g := range d.Grounds {
			view.Reasons = append(view.Reasons, q.missed(g, g.Not))
		}
	}
	view.Levels = d.ACR
	if view.ACRUnmet = len(d.ACR) > 0; view.ACRUnmet && len(view.Reasons) == 0 {
		view.Reasons = []pages.Reason{levelReason(d.ACR)}
	}
	for _, g := range d.Grounds {
		view.RolesUnknown = view.RolesUnknown || g.Value == rules.Unknown && !g.FaultyList && g.Field.Index == claims.Roles
	}
	if slices.ContainsFunc(d.Grounds, func(g rules.Ground) bool { return g.FaultyList }) {
		view.SwitchURL = "" // it would refuse another account too
	}
	if view.ACRUnmet || view.RolesUnknown { // another login may help
		view.RetryURL = q.loginURL()
	}
}

// missed tells why a condition does not hold, read with a `not` in front or without.
func (q *request) missed(g rules.Ground, not bool) pages.Reason {
	switch {
	case g.StepUp && g.Value == rules.False:
		return levelReason(q.gate.rules.Rules[g.Rule-1].Levels())
	case g.FaultyList:
		return pages.Reason{Code: pages.ReasonList}
	case g.Value == rules.Unknown, g.Absent && not:
		return pages.Reason{Code: pages.ReasonUnknown, Field: g.Field.Name}
	case g.Absent:
		return pages.Reason{Code: pages.ReasonOther}
	case not:
		return pages.Reason{Code: pages.ReasonExcluded, Field: g.Field.Name}
	}
	return pages.Reason{Code: pages.ReasonNotListed, Field: g.Field.Name}
}

// denied tells why a deny rule holds: what ProConnect did not tell, or a list of the
// site's, which may clear the person; else what the rule names, all of which had to come together.
func (q *request) denied(d rules.Decision) (reasons []pages.Reason, together []string) {
	for _, g := range d.Grounds {
		if together = append(together, g.Field.Name); g.Value == rules.Unknown {
			reasons = append(reasons, q.missed(g, g.Not))
		}
	}
	switch {
	case len(d.Grounds) == 0: // a list has changed since
		return []pages.Reason{{Code: pages.ReasonOther}}, nil
	case len(reasons) > 0:
		return reasons, nil
	case len(d.Grounds) > 1:
		return nil, together
	}
	g := d.Grounds[0]
	return []pages.Reason{q.missed(g, !g.Not)}, nil // it holds: its opposite does not
}

// levelReason tells that a login did not reach any of some levels. Where two
// factors reach one of them, people can do something about it by themselves.
func levelReason(levels []string) pages.Reason {
	code := pages.ReasonLevel
	if slices.ContainsFunc(levels, func(l string) bool { return strings.HasSuffix(l, "-mfa") }) {
		code = pages.ReasonACR
	}
	return pages.Reason{Code: code, Field: claims.RefOf(claims.ACR).Name}
}

// acrUnmet answers a login that did not reach the level it was for.
func (x *exchange) acrUnmet(a *session.Attempt) error {
	x.rememberStepUp(a)
	x.judged, x.decision = true, rules.Decision{Outcome: rules.Deny, ACR: a.ACR}
	if x.gate.Errors == errorsCaddy {
		return x.toErrorChain(x.w, x.r, http.StatusForbidden, errRefused)
	}
	view := x.refusedView()
	x.explain(&view)
	if !x.session.IsZero() && x.target() != "/" && !x.gate.match.Everything() {
		view.HomeURL = "/" // the rest of the site may ask for less
	}
	return x.page(http.StatusForbidden, view)
}

// rememberStepUp has the session remember which levels ProConnect was asked for in
// vain: the person is told so at the next visit, and not sent there again
// without a click.
//
// The session is the one of when the answer came, and ProConnect's calls took their time
// since. Where it was replaced meanwhile, or logged out, what it remembers is over: it
// must not come back over what another tab proved, or over who logged in there.
func (x *exchange) rememberStepUp(a *session.Attempt) {
	switch {
	case x.session.IsZero() || x.session.Family != a.Family:
		return
	case x.overtaken(a) || x.keeper().Revoked(a.Family):
		return
	}
	x.session.RequestedACR = a.ACR
	if err := x.keeper().Save(x.r.Context(), x.w, x.origin, &x.session); err != nil {
		x.gate.log.Debug("the session does not remember the levels that were asked for", zap.Error(err))
	}
}
