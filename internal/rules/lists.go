package rules

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"path/filepath"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/caddy-proconnect/caddy-proconnect/internal/listfile"
)

// ListWait is how long the configuration waits for a list. A file system on a network
// that is gone keeps whoever asks it until it comes back.
const ListWait = 5 * time.Second

// Lists opens each list once, however many rules read it.
type Lists struct {
	lists map[listKey]*listfile.List
	uses  map[*listfile.List][]Use
	log   *zap.Logger
	held  map[listKey]*listfile.List // those of the running configuration
	hung  bool                       // one of them did not answer
	opens func(path string, f listfile.Format) (*listfile.List, error)
}

type listKey struct{ path, format string }

// NewLists returns the lists of a configuration that loads. What a running one knows
// of a list stays in force where the file does not answer.
func NewLists(log *zap.Logger, running *Lists) *Lists {
	p := &Lists{
		lists: make(map[listKey]*listfile.List),
		uses:  make(map[*listfile.List][]Use),
		log:   log,
		opens: listfile.Open,
	}
	if running != nil {
		p.held = running.lists
	}
	return p
}

// All yields the lists that rules read.
func (p *Lists) All() iter.Seq[*listfile.List] { return maps.Values(p.lists) }

// Loaded says that the configuration is in force: the one before may be forgotten.
func (p *Lists) Loaded() { p.held = nil }

func (p *Lists) open(path string, f listfile.Format) (*listfile.List, error) {
	key := listKey{filepath.Clean(path), f.Name}
	if l, ok := p.lists[key]; ok {
		return l, nil
	}
	l, err := p.openList(key, f)
	if err != nil {
		return nil, err
	}
	p.lists[key] = l
	p.tellBad(l)
	p.tellHeading(l)
	return l, nil
}

// tellHeading names a list whose first row could be a value, or says which column of
// a table counts.
func (p *Lists) tellHeading(l *listfile.List) {
	switch set := l.Set(); {
	case set.Column() > 1:
		p.log.Info("list: the first row of the table names the column that counts", named(l), zap.Int("column", set.Column()))
	case set.Doubt() != nil:
		p.log.Info("list: the first row is taken for a heading; if it is a value, put a heading above it", named(l))
	}
}

// TellChange says of a new version what can be compared with the file.
func (p *Lists) TellChange(l *listfile.List, before int) {
	p.log.Info("list: a new version is in force",
		named(l), zap.Int("entries_before", before), zap.Int("entries_after", l.Set().Len()))
	p.tellHeading(l)
}

// named says which list a line of the log is about.
func named(l *listfile.List) zap.Field {
	return zap.Inline(zapcore.ObjectMarshalerFunc(func(e zapcore.ObjectEncoder) error {
		e.AddString("file", l.Path())
		e.AddString("field", l.Field())
		return nil
	}))
}

// tellBad names the lines that are left out of a list. They do not keep Caddy
// from starting: a typo and a reboot at night must not take every site down.
func (p *Lists) tellBad(l *listfile.List) {
	if bad := l.Bad(); bad.Total > 0 {
		p.log.Error("list: lines with a fault admit nobody, and a deny refuses everybody whom the list may have named: correct them",
			named(l), zap.Int("count", bad.Total), zap.Stringer("lines", bad))
	}
}

// openList reads a list when the configuration loads. One that does not answer is an
// error, unless the running configuration holds it: what it knows stays in force.
func (p *Lists) openList(key listKey, f listfile.Format) (*listfile.List, error) {
	type opened struct {
		list *listfile.List
		err  error
	}
	done := make(chan opened, 1)
	go func() {
		l, err := p.opens(key.path, f)
		done <- opened{l, err}
	}()
	timeout := time.NewTimer(p.patience())
	defer timeout.Stop()
	select {
	case o := <-done:
		return o.list, o.err
	case <-timeout.C:
	}
	p.hung = true
	if l := p.held[key]; l != nil {
		p.log.Error("list: its file system does not answer; the last good version stays in force", zap.String("file", key.path), zap.String("field", f.Claim))
		return l, nil
	}
	return nil, fmt.Errorf("%s: %w", key.path, errListHangs)
}

var errListHangs = errors.New("the file system that it is on does not answer: is a network drive gone? mount it again, or copy the list to this machine")

// patience is how long to wait for a list. Twenty on one file system that is gone are
// not waited for twenty times.
func (p *Lists) patience() time.Duration {
	if p.hung {
		return ListWait / 20
	}
	return ListWait
}
