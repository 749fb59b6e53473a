package proconnect

import (
	"net/url"
	"slices"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// hints are those that the operator gave the gate.
func (h *Handler) hints() hints { return hints{idp: h.IDPHint, siret: h.SiretHint} }

// join makes a gate known to its client: the levels that its logins may ask for,
// and its hints.
func (c *Client) join(h *Handler) {
	c.gates = append(c.gates, h)
	if c.gateHints == nil {
		c.gateHints = make(map[string]hints)
	}
	c.gateHints[h.hints().key()] = h.hints()
}

// gateKey is how a login's address names the gate; empty where all gates of the
// client hint the same.
func (h *Handler) gateKey() string {
	if len(h.client.gateHints) < 2 {
		return ""
	}
	return h.hints().key()
}

// asksFor says whether some gate sends people to ProConnect for just these levels.
// Anybody can make a link to the login, and an essential acr that somebody's
// session does not have makes ProConnect end its single sign-on.
func (c *Client) asksFor(levels []string) bool {
	return slices.ContainsFunc(c.gates, func(h *Handler) bool { return h.asksFor(levels) })
}

// asksFor says whether the gate may ask for just these levels: for those of
// everybody, or for those of some allow rules together.
func (h *Handler) asksFor(levels []string) bool {
	if len(h.ACR) == 0 {
		return h.rules.Unites(levels, rules.KnownACR)
	}
	return rules.SameLevels(levels, h.ACR) || h.rules.Unites(levels, rules.KnownACR) || h.rules.Unites(levels, h.ACR)
}

// requiredACR returns the levels of which one is needed on every way through the
// gate; none if some way needs none, or if no one login would do.
func (h *Handler) requiredACR() []string {
	levels, every := h.rules.RequiredLevels()
	switch {
	case !every:
		return h.ACR
	case len(h.ACR) == 0:
		return levels
	}
	return rules.Intersect(levels, h.ACR)
}

// readOptions reads the options of a login's address; not ok if it asks for levels
// that no gate requires.
func (c *Client) readOptions(query url.Values) (o loginOptions, ok bool) {
	if _, known := c.gateHints[query.Get("gate")]; known {
		o.gate = query.Get("gate")
	}
	for level := range strings.FieldsSeq(query.Get("acr_values")) {
		if !slices.Contains(rules.KnownACR, level) { // no gate requires it: the rest, however long, is not worth a look
			return loginOptions{gate: o.gate}, false
		}
		o.acr = appendNew(o.acr, level)
	}
	return o, len(o.acr) == 0 || c.asksFor(o.acr)
}

// loginOptions are those of the next login: of the one that is under way, or what
// the gate asks for.
func (q *request) loginOptions() loginOptions {
	if q.options != nil {
		return *q.options
	}
	o := loginOptions{acr: q.decision.ACR, gate: q.gate.gateKey()}
	if len(o.acr) == 0 {
		o.acr = q.missingLevels()
	}
	return o
}

// switchOptions are those of a login of somebody else.
func (q *request) switchOptions() loginOptions {
	if q.options != nil {
		return *q.options
	}
	return loginOptions{acr: q.entryLevels(), gate: q.gate.gateKey()}
}

// entryLevels are the levels of which everybody needs one to get where the request
// goes.
func (q *request) entryLevels() []string {
	if !q.gated && !q.gate.match.Everything() {
		return nil // the gate answers for others, and is not on this path
	}
	return q.gate.requiredACR()
}

// missingLevels are those levels, unless the person has proven one of them, or was
// asked for them in vain. They are asked for at the first login: a login without
// them, and a step-up after it, would have the person log in twice.
func (q *request) missingLevels() []string {
	levels := q.entryLevels()
	if proved(&q.session, levels) || rules.SameLevels(levels, q.session.RequestedACR) {
		return nil
	}
	return levels
}

// proved says whether the person has proven one of some levels.
func proved(s *session.Session, levels []string) bool {
	return slices.ContainsFunc(s.Of(claims.ACR), func(acr string) bool { return slices.Contains(levels, acr) })
}

// hintsFor are the hints of a login. A login at another level leads back to where
// the person logged in, which spares them ProConnect's question for the email. The
// email itself would be in logs, and may belong to several identity providers.
func (h *Handler) hintsFor(a *session.Attempt, s *session.Session) hints {
	g, known := h.client.gateHints[a.Gate]
	if !known {
		g = h.hints()
	}
	if s.IsZero() || len(a.ACR) == 0 {
		return g
	}
	if idp := s.Set.First(claims.IDPID); idp != "" {
		g.idp = idp
		return g
	}
	if email := s.Set.First(claims.Email); g.idp == "" && rp.EmailLike(email) {
		g.email = email
	}
	return g
}
