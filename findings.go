package proconnect

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/caddy-proconnect/caddy-proconnect/internal/layout"
)

// finding is something that an operator should know of a configuration: a line of the
// log, as it was written when the configuration loaded.
type finding struct {
	Level   string            `json:"level"` // "error" or "warning"
	Site    string            `json:"site,omitempty"`
	Client  string            `json:"client,omitempty"`
	Text    string            `json:"text"`
	Details map[string]string `json:"details,omitempty"`
}

// Levels of findings.
const (
	levelError   = "error"
	levelWarning = "warning"
)

// findings are those of a configuration, from its first line until it runs. Every
// warning and error goes to the log and is kept here, so that `caddy proconnect check`
// has the very words that Caddy has when it starts.
type findings struct {
	over atomic.Bool // the configuration runs: what is logged is no longer about it

	mu  sync.Mutex
	all []finding
}

// gather returns a logger whose warnings and errors are kept too.
func (f *findings) gather(log *zap.Logger) *zap.Logger {
	return log.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return zapcore.NewTee(core, &gatherer{to: f})
	}))
}

// stop ends the gathering, if there is any: an app that was not provisioned has none.
func (f *findings) stop() {
	if f != nil {
		f.over.Store(true)
	}
}

func (f *findings) add(found finding) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.ContainsFunc(f.all, found.same) {
		f.all = append(f.all, found)
	}
}

// addFaults keeps what the routes must not say. A configuration does not load for the
// first of them, and whoever checks it wants to know of all.
func (f *findings) addFaults(found []layout.Finding) {
	for _, l := range found {
		if l.Fault {
			f.add(finding{Level: levelError, Site: l.Site, Text: l.Text})
		}
	}
}

// list returns what was found so far.
func (f *findings) list() []finding {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.all)
}

func (f finding) same(other finding) bool {
	return f.Level == other.Level && f.Site == other.Site && f.Client == other.Client && f.Text == other.Text &&
		maps.Equal(f.Details, other.Details)
}

// gatherer is the core of a logger that keeps findings.
type gatherer struct {
	to   *findings
	with []zapcore.Field
}

// Enabled says whether a line is a finding.
func (g *gatherer) Enabled(level zapcore.Level) bool {
	return level >= zapcore.WarnLevel && !g.to.over.Load()
}

// With returns a core that knows more fields.
func (g *gatherer) With(fields []zapcore.Field) zapcore.Core {
	return &gatherer{g.to, slices.Concat(g.with, fields)}
}

// Check takes a line that is a finding.
func (g *gatherer) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if g.Enabled(e.Level) {
		return checked.AddCore(e, g)
	}
	return checked
}

// Write keeps a line.
func (g *gatherer) Write(e zapcore.Entry, fields []zapcore.Field) error {
	enc := zapcore.NewMapObjectEncoder()
	for _, f := range slices.Concat(g.with, fields) {
		f.AddTo(enc)
	}
	found := finding{Level: levelError, Text: e.Message}
	if e.Level == zapcore.WarnLevel {
		found.Level = levelWarning
	}
	for name, value := range enc.Fields {
		switch text := fmt.Sprint(value); name {
		case "site":
			found.Site = text
		case "client":
			found.Client = text
		default:
			if found.Details == nil {
				found.Details = make(map[string]string)
			}
			found.Details[name] = text
		}
	}
	g.to.add(found)
	return nil
}

// Sync has nothing to write.
func (g *gatherer) Sync() error { return nil }
