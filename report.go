package proconnect

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// The rules of a report block are tried on everybody whom the gate admits, told and
// counted, and decide nothing: next week's rules beside today's.

// provisionReport compiles the rules that are tried. What they read is asked for at every
// login from then on; nobody is sent to ProConnect for it.
func (h *Handler) provisionReport(app *App) error {
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

// checkReport refuses rules that could not be those of a gate.
func (h *Handler) checkReport() error {
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

// wouldLabel is the label of what rules would do.
func wouldLabel(o rules.Outcome) string {
	switch o {
	case rules.Allow:
		return "would_allow"
	case rules.StepUp:
		return "would_step_up"
	case rules.Login:
		return "would_ask_again" // of a login that did not ask for what the rules read
	}
	return "would_refuse"
}

// reportBlock is the grammar of report in a gate's block.
func reportBlock() block[Handler] {
	return block[Handler]{
		prefix: "report: ",
		options: []option[Handler]{
			{name: "allow", read: (*Handler).unmarshalReported, repeatable: true},
			{name: "deny", read: (*Handler).unmarshalReported, repeatable: true},
		},
		check: func(h *Handler) error { return rules.CheckEach(h.Report) },
		unknown: func(d *caddyfile.Dispenser, word string) error {
			return d.Errf("report: unknown subdirective %q: want allow or deny", word)
		},
	}
}

func (h *Handler) unmarshalReported(d *caddyfile.Dispenser) error {
	rule, err := unmarshalRule(d, d.Val())
	if err != nil {
		return err
	}
	h.Report = append(h.Report, rule)
	return nil
}

func (h *Handler) unmarshalReport(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.Errf("report: unexpected argument %q: want a block with allow and deny", d.Val())
	}
	if err := reportBlock().unmarshal(d, h); err != nil {
		return err
	}
	if len(h.Report) == 0 {
		return d.Errf("report: nothing in it: want a block with allow and deny")
	}
	return nil
}
