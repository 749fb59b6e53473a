package proconnect

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// marks stand for the values of rules and conditions.
var marks = map[string]string{rules.True.String(): "✓", rules.False.String(): "✗", rules.Unknown.String(): "?"}

// print writes the explanation for people.
func (e *explanation) print(w io.Writer) {
	at := e.URL
	if e.Server != "" {
		at += ", on " + e.Server
	}
	printWrapped(w, at, "  ")
	for i, g := range e.Gates {
		g.print(w, i+1)
	}
	if len(e.Handlers) > 0 {
		printWrapped(w, "  then "+strings.Join(e.Handlers, ", "), "    ")
	}
	for _, f := range e.Problems {
		printWrapped(w, "  "+f.String(), "    ")
	}
	if len(e.Unasked) > 0 {
		printWrapped(w, "  not asked for at login, so that no rule sees it: "+strings.Join(e.Unasked, ", ")+" (see the option claims)", "    ")
	}
	fmt.Fprintln(w)
	printWrapped(w, e.sentence(), "  ")
	fmt.Fprintln(w)
}

// sentence is the verdict in words.
func (e *explanation) sentence() string {
	at := fmt.Sprintf(" at gate %d", len(e.Gates))
	switch e.Verdict {
	case verdictAdmitted:
		return "ADMITTED" + e.answer()
	case verdictOpen:
		return "OPEN: no gate is on the way, so everybody gets this" + e.answer()
	case verdictNothing:
		return "NOTHING: no gate is on the way, and nothing that would answer: does the configuration have this address?"
	case verdictRefused:
		return "REFUSED" + at
	case verdictStepUp:
		return "STEP UP" + at + ": the person is sent to ProConnect for another level of authentication, and gets in if it is reached"
	case verdictLogin:
		return "LOGIN" + at + ": nobody is logged in"
	case verdictEndpoint:
		return "ENDPOINT: the gate answers this address by itself"
	}
	return fmt.Sprintf("ERROR: a gate answers with status %d (%s), whoever it is", e.Status, e.Fault)
}

// answer tells what the person gets who gets in.
func (e *explanation) answer() string {
	switch {
	case e.Location != "":
		return fmt.Sprintf(": status %d, to %s", e.Status, e.Location)
	case e.Status != 0:
		return fmt.Sprintf(": status %d", e.Status)
	}
	return ""
}

func (g *gateExplanation) print(w io.Writer, number int) {
	line := fmt.Sprintf("  gate %d, %s: %s", number, cmp.Or(g.Where, "everything"), g.Decision)
	if g.Client != defaultClient {
		line += ", client " + g.Client
	}
	if g.Optional {
		line += ", optional: the person passes as a stranger unless it allows"
	}
	printWrapped(w, line, "    ")
	for _, r := range g.Rules {
		r.print(w)
	}
	if g.ACR != nil {
		mark := marks[rules.False.String()]
		if g.ACR.Met {
			mark = marks[rules.True.String()]
		}
		printWrapped(w, "    "+mark+" "+levels(g.ACR.AnyOf)+", of everybody"+has(g.ACR.Had), "        ")
	}
	if g.Report != nil {
		printWrapped(w, "    report, which decides nothing: "+g.Report.Decision, "      ")
		for _, r := range g.Report.Rules {
			r.print(w)
		}
	}
	for _, c := range g.ToEnter {
		printWrapped(w, fmt.Sprintf("%12s: %s", c.lead, c.text), strings.Repeat(" ", 14))
	}
}

// print writes a rule with its position, which events tell, and its conditions where it has
// several.
func (r *ruleExplanation) print(w io.Writer) {
	line := fmt.Sprintf("%5d %s %s", r.Position, marks[r.Value], r.Rule)
	if len(r.Conditions) == 1 {
		line += r.Conditions[0].has()
	}
	printWrapped(w, line, "        ")
	if len(r.Conditions) < 2 {
		return
	}
	for _, c := range r.Conditions {
		printWrapped(w, "        "+marks[c.Value]+" "+c.Condition+c.has(), "            ")
	}
}

func (c *conditionExplanation) has() string {
	if c.Unreadable {
		return " → told, and unreadable"
	}
	if c.FaultyList {
		return has(c.Had) + ", and the list has lines that cannot be read"
	}
	return has(c.Had)
}

// has tells what the person has of a claim.
func has(values []string) string {
	if len(values) == 0 {
		return " → not told"
	}
	return " → has " + strings.Join(values, " ")
}
