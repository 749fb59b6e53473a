package proconnect

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
)

// On a site with a wildcard any stranger's Host is one more: what is remembered
// stays bounded, and the newest is in it.
func TestProbesAreBounded(t *testing.T) {
	p := new(probes)
	for i := range 5 * maxProbes {
		host := strconv.Itoa(i) + ".example.fr"
		p.remember(host, 7, i%2 == 0)
		p.remember(host, 7, i%2 == 0) // not twice
		if came, missed := p.cameBack(host), p.missedLately(host, 7); came != (i%2 == 0) || missed == came {
			t.Fatalf("%s: came back %v, missed %v", host, came, missed)
		}
	}
	if len(p.missed) != maxProbes || len(p.order) != maxProbes {
		t.Errorf("%d are remembered in an order of %d, want %d", len(p.missed), len(p.order), maxProbes)
	}
	if p.cameBack("0.example.fr") {
		t.Error("the oldest did not make room")
	}
}

// What one client's headers lost is not lost for another's; what came back did for all.
func TestProbesOfOneClient(t *testing.T) {
	p := new(probes)
	p.remember("docs.example.fr", 1, false)
	if !p.missedLately("docs.example.fr", 1) || p.missedLately("docs.example.fr", 3) || p.missedLately("other.example.fr", 1) || p.cameBack("docs.example.fr") {
		t.Error("a loss counts for others")
	}
	p.remember("docs.example.fr", 3, true)
	if !p.cameBack("docs.example.fr") {
		t.Error("it came back")
	}
}

func TestHeadersDigest(t *testing.T) {
	digest := func(remote string, pairs ...string) uint64 {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = remote
		for i := 0; i+1 < len(pairs); i += 2 {
			r.Header.Add(pairs[i], pairs[i+1])
		}
		return headersDigest(r)
	}
	seen := make(map[uint64]int)
	for i, d := range []uint64{
		digest("127.0.0.1:1"), digest("127.0.0.2:1"), digest("127.0.0.1:1", "A", "b"), digest("127.0.0.1:1", "A", "b", "A", "c"),
		digest("127.0.0.1:1", "A", "b", "C", ""), digest("127.0.0.1:1", "Ab", ""),
	} {
		if other, taken := seen[d]; taken {
			t.Errorf("%d and %d look alike", other, i)
		}
		seen[d] = i
	}
	if digest("127.0.0.1:1", "A", "b", "C", "d") != digest("127.0.0.1:2", "C", "d", "A", "b") {
		t.Error("order or port makes a difference")
	}
}
