package revocation

// Inherit takes over what another list knows, and writes it to the storage of this one:
// where a client moves to another storage, whoever logged out before stays out.
func (l *List) Inherit(other *List) {
	l.writer.mu.Lock()
	defer l.writer.mu.Unlock()
	other.families.each(func(id uint64, until uint32) {
		l.families.add(id, until)
		l.writer.pending.add(id, until)
	})
	for _, r := range other.people.known() {
		l.people.add(r, true)
	}
}

func (m *families) each(yield func(id uint64, until uint32)) {
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.RLock()
		for id, until := range s.until {
			yield(id, until)
		}
		s.mu.RUnlock()
	}
}

func (p *people) known() (list []Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for r := range p.records {
		list = append(list, r)
	}
	return list
}
