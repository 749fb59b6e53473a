package layout

import (
	"fmt"
	"slices"
)

// Finding is something that an operator must know of the routes.
type Finding struct {
	Fault bool // the configuration must not load
	Site  string
	Text  string
}

// Findings returns what an operator must know, faults first.
func (l *Layout) Findings() []Finding { return l.findings }

// add notes a finding, once.
func (l *Layout) add(f Finding) {
	if !slices.Contains(l.findings, f) {
		l.findings = append(l.findings, f)
	}
}

// fault notes what must not load, warn what an operator should know.
func (w *walker) fault(format string, args ...any) {
	w.layout.add(Finding{Fault: true, Site: w.site.name(), Text: fmt.Sprintf(format, args...)})
}

func (w *walker) warn(format string, args ...any) {
	w.layout.add(Finding{Site: w.site.name(), Text: fmt.Sprintf(format, args...)})
}
