package proconnect

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// The rules of a report block are tried on everybody whom the gate admits, told and
// counted, and decide nothing: next week's rules beside today's.

// provisionReport compiles the rules that are tried. What they read is asked for at every
// login from then on; nobody is sent to ProConnect for it.
func provisionReport(h *Handler, app *App) error {
	if len(h.Report) == 0 {
		return nil
	}
	set, err := rules.Compile(h.Report, app.lists)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	for _, w := range append(set.Warnings, h.client.warnings(set)...) {
		h.log.Warn("report: " + w)
	}
	h.client.need(set.Needs()...)
	h.tried = set
	return nil
}

// checkTried refuses rules that could not be those of a gate.
func checkTried(h *Handler) error {
	switch {
	case len(h.Report) == 0:
		return nil
	case h.Optional:
		return errors.New("report: it tells whom rules would refuse, and an optional gate refuses nobody: remove one")
	}
	if err := rules.Check(h.Report); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// try says what the rules of report would do with somebody whom the gate admits. It
// changes nothing of the request.
func (h *Handler) try(w http.ResponseWriter, r *http.Request, q *request) {
	d := h.tried.Decide(&q.session.Set)
	h.counts.reported[d.Outcome].Add(1)
	if d.Outcome == rules.Deny {
		h.counts.reports.add(ruleLabel(d.Position()))
		q.answer(w, r).reportWouldRefuse(d)
	}
}
