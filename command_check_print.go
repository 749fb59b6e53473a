package proconnect

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/layout"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// print writes the report for people.
func (r *checkReport) print(w io.Writer) {
	for _, s := range r.Sites {
		s.print(w)
		fmt.Fprintln(w)
	}
	for _, f := range r.Findings {
		printWrapped(w, f.String(), "  ")
	}
	if len(r.Findings) > 0 {
		fmt.Fprintln(w)
	}
	printWrapped(w, r.summary(), "  ")
}

func (r *checkReport) summary() string {
	counts := plural(len(r.Sites), "site") + ", " + plural(r.count(levelError), "error") + ", " + plural(r.count(levelWarning), "warning")
	if !r.Loads {
		return counts + ": the configuration does not load"
	}
	return counts
}

// plural is a number of things, of which there may be one. "entry" are "entries".
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if stem, ok := strings.CutSuffix(what, "y"); ok {
		return strconv.Itoa(n) + " " + stem + "ies"
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// String is a finding as a line: where, what, and what else was logged with it.
func (f finding) String() string {
	text := f.Level + ": "
	if f.Site != "" {
		text += f.Site + ": "
	}
	text += f.Text
	var details []string
	for _, name := range slices.Sorted(maps.Keys(f.Details)) {
		switch value := f.Details[name]; {
		case value == "":
		case strings.HasPrefix(value, strings.TrimSuffix(name, "s")): // "lines" says which by itself
			details = append(details, value)
		default:
			details = append(details, name+" "+value)
		}
	}
	if len(details) > 0 {
		text += " (" + strings.Join(details, ", ") + ")"
	}
	return text
}

func (s *siteReport) print(w io.Writer) {
	printWrapped(w, s.Site, "")
	for _, a := range s.Answers {
		printWrapped(w, "  "+a.line(), strings.Repeat(" ", 10))
	}
	for _, g := range s.Gates {
		printWrapped(w, "  "+g.line(), strings.Repeat(" ", 10))
		g.printRules(w)
	}
}

// printRules writes rules with the numbers by which the audit log speaks of them.
func (g gateReport) printRules(w io.Writer) {
	numbered := func(list []string, indent int) {
		for i, rule := range list {
			printWrapped(w, fmt.Sprintf("%*srule %d: %s", indent, "", i+1, rule), strings.Repeat(" ", indent+2))
		}
	}
	numbered(g.Rules, 10)
	if len(g.Report) > 0 {
		printWrapped(w, strings.Repeat(" ", 10)+"report, which decides nothing:", strings.Repeat(" ", 12))
		numbered(g.Report, 12)
	}
}

// line is an answer in one line. What is open stands out.
func (a answerReport) line() string {
	state := string(a.State)
	if a.State == layout.Open {
		state = "OPEN"
	}
	line := fmt.Sprintf("%-7s %s", state, a.By)
	if a.Path != "" {
		line += " at " + a.Path
	}
	switch {
	case a.State == layout.Partly:
		line += ": open but where " + gateNumbers(a.Gates) + " gates"
	case len(a.Gates) > 0:
		line += ", behind " + gateNumbers(a.Gates)
	}
	return line
}

func gateNumbers(numbers []int) string {
	words := make([]string, len(numbers))
	for i, n := range numbers {
		words[i] = strconv.Itoa(n)
	}
	return "gate " + strings.Join(words, ", ")
}

// line is a gate in one line; its rules follow.
func (g gateReport) line() string {
	line := fmt.Sprintf("gate %-2d %s", g.Number, cmp.Or(g.Where, "everything"))
	if g.Client != defaultClient {
		line += ", client " + g.Client
	}
	if len(g.ACR) > 0 {
		line += ", " + levels(g.ACR)
	}
	if g.Optional {
		line += ", optional: everybody passes"
	}
	return line
}

// levels are those required of everybody, as a Caddyfile has them: acr and which, or mfa.
func levels(acr []string) string { return rules.Condition{Field: "acr", Values: acr}.String() }
