package revocation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/listfile"
	"github.com/caddy-proconnect/caddy-proconnect/internal/siret"
)

const (
	// PeopleAhead is how far ahead of the clock a record of people ends sessions: those
	// that began meanwhile on nodes whose clocks are fast are among them.
	PeopleAhead = 4 * time.Minute

	// MaxLifetime is the longest that a session may last.
	MaxLifetime = 30 * 24 * time.Hour

	// peopleAtMost is how far ahead a record may be that goes behind others: whoever logs in
	// behind it begins there, and nodes believe no session that is further from their own
	// clock than PeopleAhead and Skew. It leaves a minute for those whose clocks are slow.
	peopleAtMost = PeopleAhead + Skew - time.Minute

	peopleKept = int64((MaxLifetime + Skew) / time.Second)
	sealedWait = time.Minute // how long a record may not open, until it counts as one of all
	peopleTime = 5 * time.Second
)

// Record ends the sessions of people: of all whose family began before a time, and of
// whom ProConnect said this, or was not asked it.
type Record struct {
	Field  string `json:"field"` // sub, email, siret, siren or idp_id; empty: of everybody
	Value  string `json:"value,omitempty"`
	Before int64  `json:"before"` // Unix seconds
}

// peopleFields are those that a record may name.
var peopleFields = [...]int{claims.Sub, claims.Email, claims.SIRET, claims.SIREN, claims.IDPID}

// EndPeople ends the sessions of everybody of whom a field has a value, or of everybody
// where the field is empty: here at once, elsewhere with the next poll. An error of the
// storage says that it holds on this node only; it is tried again.
func (l *List) EndPeople(ctx context.Context, field, value string) (Record, error) {
	value, err := normalise(field, value)
	if err != nil {
		return Record{}, err
	}
	now := l.now()
	r := l.people.end(field, value, now+int64(PeopleAhead/time.Second), now+int64(peopleAtMost/time.Second))
	return r, l.writeAllPeople(ctx)
}

// Repeat writes a record once more, sealed with the keys of this moment.
func (l *List) Repeat(ctx context.Context, r Record) error {
	l.people.add(r, true)
	return l.writeAllPeople(ctx)
}

func (l *List) writeAllPeople(ctx context.Context) error {
	if err := l.writePeople(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrNotStored, err)
	}
	return nil
}

// end makes a record that ends sessions before a time, or later: where a record is known
// that may name the same people, a login that came after it began one second behind it
// (see Keeper.New), however short ago that was and whatever the clock of the node that made
// the record. Only so far: of hundreds of records in a row, each behind the one before,
// nobody could log in behind the last. At the bound, it ends whoever came back more than
// a second or two ago.
func (p *people) end(field, value string, before, atMost int64) Record {
	p.mu.Lock()
	defer p.mu.Unlock()
	for r := range p.records {
		if r.Field != field || r.Value == value { // nobody has two values of one field
			before = max(before, r.Before+2)
		}
	}
	r := Record{field, value, min(before, atMost)}
	p.put(r, true)
	return r
}

// ErrNotStored says that people's sessions were ended here, and nowhere else yet.
var ErrNotStored = errors.New("the storage did not take it")

// normalise returns a value in the form in which it is compared.
func normalise(field, value string) (string, error) {
	if field == "" {
		return "", nil
	}
	ref, known := claims.Lookup(field)
	if !known || !slices.Contains(peopleFields[:], ref.Index) {
		return "", fmt.Errorf("field %q: want sub, email, siret, siren or idp_id", field)
	}
	if ref.Kind() == claims.KindDigits {
		value = siret.Strip(value)
		if err := siret.Check(value); err != nil {
			return "", fmt.Errorf("%s: %w", field, err)
		}
	}
	readable, ok := claims.Readable(ref.Kind(), value)
	switch {
	case ref.Index == claims.SIRET && siret.IsSIREN(readable):
		return "", errors.New("siret: nine digits are a SIREN: say siren")
	case ref.Index == claims.SIREN && siret.IsSIRET(readable):
		return "", errors.New("siren: 14 digits are a SIRET: say siret, or keep the first nine")
	case !ok:
		return "", fmt.Errorf("%s: not a value that ProConnect could send", field)
	}
	return folded(readable), nil
}

// folded ignores case, as rules do: of ASCII letters, and of nothing else.
func folded(s string) string { return string(listfile.AppendFold(nil, s)) }

// unwritten are the records that the storage has not taken.
func (p *people) unwritten() (list []Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for r, waits := range p.records {
		if waits {
			list = append(list, r)
		}
	}
	return list
}

func (p *people) written(r Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.records[r]; ok {
		p.records[r] = false
	}
}

// writePeople writes the records that the storage has not taken. They are sealed: a
// digest of a SIRET would be enumerated in seconds.
func (l *List) writePeople(ctx context.Context) error {
	for _, r := range l.people.unwritten() {
		if err := l.writeRecord(ctx, r); err != nil {
			return err
		}
		l.people.written(r)
	}
	return nil
}

func (l *List) writeRecord(ctx context.Context, r Record) error {
	ctx, cancel := context.WithTimeout(ctx, peopleTime)
	defer cancel()
	plain, err := json.Marshal(r)
	if err != nil {
		return err
	}
	sealed, err := l.cfg.Keys().Box.Seal(ctx, plain, l.cfg.Prefix)
	if err != nil {
		return err
	}
	o, err := l.storeData(ctx, []byte(sealed), name{until: r.Before + peopleKept, level: peopleLevel, node: l.node})
	if err != nil {
		return err
	}
	l.writer.mu.Lock()
	defer l.writer.mu.Unlock()
	l.writer.written = append(l.writer.written, o)
	return nil
}

// reloadKeys asks for new keys as long as a record of everybody is young: it goes before
// the key that is meant to replace the old one, which may be in wrong hands.
func (l *List) reloadKeys(ctx context.Context) {
	x, keys := l.people.index.Load(), l.cfg.Keys()
	if x != nil && keys.Reload != nil && l.now()-x.all < int64(watchedFor/time.Second) {
		keys.Reload(ctx)
	}
}

var errSealed = errors.New("revocation: a record of people does not open")

// loadPeople takes over a record. One that does not open was sealed with a key that is
// gone, or that the storage does not give at the moment. Whom it names, nobody can say: a
// minute later it counts as one of everybody, unless such a one makes it needless.
func (l *List) loadPeople(ctx context.Context, o *object, data []byte) error {
	plain, err := l.cfg.Keys().open(ctx, string(data), l.cfg.Prefix)
	var r Record
	if err == nil {
		err = json.Unmarshal([]byte(plain), &r)
	}
	if err == nil {
		l.learn(r)
		return nil
	}
	all := Record{Before: o.until - peopleKept}
	if x := l.people.index.Load(); x != nil && all.Before <= x.all {
		return nil
	}
	now := l.cfg.Now()
	if o.sealed.IsZero() {
		o.sealed = now
	}
	if now.Sub(o.sealed) < sealedWait {
		return errSealed
	}
	l.learn(all)
	l.cfg.Log().Error("a record that ends people's sessions was sealed with a key that is gone: the sessions of everybody that began before it are ended",
		zap.String("object", l.path(o.base)))
	return nil
}

// learn takes over a record that somebody else wrote. What was there before the process
// began is no news.
func (l *List) learn(r Record) {
	if l.people.add(r, false) && l.Read() && l.cfg.Learned != nil {
		l.cfg.Learned(r)
	}
}
