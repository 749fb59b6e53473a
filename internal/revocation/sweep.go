package revocation

import (
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"strconv"
	"strings"
)

// sweep deletes what was over a day ago, some at a time: of what this node knows, so that
// a storage that is too full to be listed gets emptier all the same.
func (l *List) sweep(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, sweepTime)
	defer cancel()
	over, now := l.poll.over, l.now()
	for base, o := range l.poll.objects {
		if o.until+keptAfter < now {
			over = append(over, base)
		}
	}
	for _, base := range over[:min(len(over), sweepMost)] {
		if l.remove(ctx, base) != nil {
			return
		}
	}
}

// remove deletes an object.
func (l *List) remove(ctx context.Context, base string) error {
	if err := l.cfg.Storage.Delete(ctx, l.path(base)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	delete(l.poll.objects, base)
	return nil
}

// takeRecord takes over a record of version 0.1.0, which wrote one for each logout, with
// all there is to say in its name: <family>.<until>. Nodes that still run it write more.
func (l *List) takeRecord(base string, now int64) {
	f, until, ok := parseRecord(base)
	switch {
	case !ok:
	case until+keptAfter < now:
		if len(l.poll.over) < sweepMost {
			l.poll.over = append(l.poll.over, base)
		}
	case until+skewSeconds >= now:
		l.families.add(familyKey(f), uint32(until))
	}
}

func parseRecord(base string) (f Family, until int64, ok bool) {
	id, end, _ := strings.Cut(base, ".")
	if len(id) != hex.EncodedLen(len(f)) {
		return f, 0, false
	}
	if _, err := hex.Decode(f[:], []byte(id)); err != nil {
		return f, 0, false
	}
	until, err := strconv.ParseInt(end, 10, 64)
	return f, until, err == nil && until >= 0 && until < 1<<32
}
