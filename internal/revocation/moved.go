package revocation

import (
	"maps"
	"slices"
)

// Recheck has the next listing tell whether the storage is still the one that was read. A
// configuration brings one of its own, and what a storage is made of tells only itself.
// Until then, what is known holds: it is known of this storage, or of the one before.
func (l *List) Recheck() { l.recheck.Store(true) }

// checkStorage has everything that is known written anew where a listing lacks an object
// that was there before: this is another storage. If it is the same, and the object was
// folded at this moment, there are duplicates, as of any fold.
func (l *List) checkStorage() {
	if !l.recheck.Swap(false) {
		return
	}
	found := false
	for _, o := range l.poll.objects {
		if !o.loaded || o.until+skewSeconds < l.now() {
			continue
		}
		if found = o.listed; !found {
			break
		}
	}
	if !found {
		l.takeOver(&l.families, &l.people)
		l.tryPending()
	}
}

// Inherit takes over what another list knows, and writes it to the storage of this one:
// where a client moves to another storage, whoever logged out before stays out.
func (l *List) Inherit(other *List) { l.takeOver(&other.families, &other.people) }

// heir is a list that goes on in place of this one.
type heir struct {
	list *List
	runs func() bool
}

// HandOn has what is revoked here be revoked there as well, as long as that runs: a request
// that came before a configuration was replaced is answered after it.
func (l *List) HandOn(to *List, runs func() bool) { l.heir.Store(&heir{to, runs}) }

// takeOver adds to what is known, and has it written.
func (l *List) takeOver(f *families, p *people) {
	all := f.all()
	for id, until := range all {
		l.families.add(id, until)
	}
	l.writer.mu.Lock()
	l.writer.pending.merge(all, 0)
	l.writer.mu.Unlock()
	for _, r := range p.known() {
		l.people.add(r, true)
	}
}

// all are the entries of every shard, one shard after the other.
func (m *families) all() entries {
	all := make(entries)
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.RLock()
		maps.Copy(all, s.until)
		s.mu.RUnlock()
	}
	return all
}

func (p *people) known() []Record {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Collect(maps.Keys(p.records))
}
