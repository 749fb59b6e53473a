package proconnect

import (
	"hash/maphash"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// maxProbes bounds what one gate remembers of its probes: on a site with a wildcard
// every stranger's Host would be one more.
const maxProbes = 1000

// probeAgain is how long a callback that did not come back is believed lost.
const probeAgain = 5 * time.Second

// probes are what a gate remembers of its probes, the oldest of which make room.
type probes struct {
	most []time.Duration // that the first and its repetitions may take

	mu     sync.Mutex
	missed map[probeID]time.Time // zero: it came back
	order  []probeID             // a ring, once it is full
	next   int
}

// probeID tells requests apart of which one's callback may come back and the
// other's may not. One that came back counts for its host. One that did not counts
// for requests with the same headers alone: what one client sends must not shut the
// site for the others.
type probeID struct {
	host    string
	headers uint64 // 0: any
}

// cameBack says whether the callback of a host came back.
func (p *probes) cameBack(host string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, came := p.missed[probeID{host: host}]
	return came
}

// missedLately says whether the callback of a host did not come back a moment ago,
// asked with these headers.
func (p *probes) missedLately(host string, headers uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	missed, known := p.missed[probeID{host, headers}]
	return known && time.Since(missed) < probeAgain
}

// remember notes how a probe ended.
func (p *probes) remember(host string, headers uint64, came bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, missed := probeID{host, headers}, time.Now()
	if came {
		id, missed = probeID{host: host}, time.Time{}
	}
	if _, known := p.missed[id]; !known {
		p.makeRoom(id)
	}
	p.missed[id] = missed
}

// makeRoom gives an entry the place of the oldest.
func (p *probes) makeRoom(id probeID) {
	if p.missed == nil {
		p.missed = make(map[probeID]time.Time)
	}
	if len(p.order) < maxProbes {
		p.order = append(p.order, id)
		return
	}
	delete(p.missed, p.order[p.next])
	p.order[p.next] = id
	p.next = (p.next + 1) % maxProbes
}

// probeSeed keys the digest of headers: nobody can choose two that look alike.
var probeSeed = maphash.MakeSeed()

// headersDigest tells one client's headers from another's, whatever their order.
func headersDigest(r *http.Request) uint64 {
	var h maphash.Hash
	h.SetSeed(probeSeed)
	write := func(s string) {
		h.WriteString(s)
		h.WriteByte(0)
	}
	write(origin.HostOf(r.RemoteAddr))
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		write(name)
		for _, value := range r.Header[name] {
			write(value)
		}
	}
	return h.Sum64() | 1
}
