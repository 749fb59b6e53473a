package revocation

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
)

// people are the records that this node knows.
type people struct {
	mu      sync.Mutex
	records map[Record]bool // whether the storage still has to take it
	index   atomic.Pointer[index]
}

// index answers for a session. It is never changed, and nil while there is no record.
type index struct {
	records int
	all     int64
	fields  [len(peopleFields)]fieldIndex
}

type fieldIndex struct {
	latest int64 // of all values
	values map[string]int64
}

// PeopleBefore returns the time before which the families of a person were ended, in
// Unix seconds; 0 if nothing names them.
func (l *List) PeopleBefore(set *claims.Set) int64 {
	x := l.people.index.Load()
	if x == nil {
		return 0
	}
	before := x.all
	for i := range x.fields {
		if f := &x.fields[i]; f.latest > before {
			before = max(before, f.before(set, peopleFields[i]))
		}
	}
	return before
}

// before is when the records of one field end a person's families. Of what was never
// asked, or cannot be read, nobody knows that it is something else.
func (f *fieldIndex) before(set *claims.Set, claim int) (before int64) {
	ref, size := claims.RefOf(claim), 0
	if _, asked := set.Find(ref); !asked && claim == claims.SIREN {
		ref, size = claims.RefOf(claims.SIRET), 9
	}
	if _, asked := set.Find(ref); !asked {
		return f.latest
	}
	for _, v := range set.Values(ref) {
		if v == "" || len(v) < size {
			return f.latest
		}
		if size > 0 {
			v = v[:size]
		}
		before = max(before, f.values[folded(v)])
	}
	return before
}

// add says whether a record was not known.
func (p *people) add(r Record, unwritten bool) (unknown bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.put(r, unwritten)
}

func (p *people) put(r Record, unwritten bool) (unknown bool) {
	if waits, known := p.records[r]; known {
		p.records[r] = waits || unwritten
		return false
	}
	if p.records == nil {
		p.records = make(map[Record]bool)
	}
	p.records[r] = unwritten
	p.reindex()
	return true
}

// forget drops the records that end nothing any more.
func (p *people) forget(now int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := len(p.records)
	maps.DeleteFunc(p.records, func(r Record, _ bool) bool { return r.Before+peopleKept+skewSeconds < now })
	if len(p.records) != before {
		p.reindex()
	}
}

func (p *people) reindex() {
	if len(p.records) == 0 {
		p.index.Store(nil)
		return
	}
	x := &index{records: len(p.records)}
	for r := range p.records {
		if r.Field == "" {
			x.all = max(x.all, r.Before)
		}
		for i, claim := range peopleFields {
			if claims.RefOf(claim).Name != r.Field {
				continue
			}
			f := &x.fields[i]
			if f.values == nil {
				f.values = make(map[string]int64)
			}
			f.latest, f.values[r.Value] = max(f.latest, r.Before), max(f.values[r.Value], r.Before)
		}
	}
	p.index.Store(x)
}
