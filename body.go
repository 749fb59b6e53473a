package proconnect

import (
	"io"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Bounds of what is read of bodies that nobody wants.
const (
	maxBody          = 64 << 20 // bytes of one
	maxBodies        = 64       // at once
	maxAddressBodies = 4        // of them, of one client address
)

// bodies reads and drops the bodies of requests that a gate answers by itself. Over
// HTTP/1.x a browser that is still sending when the answer comes and the connection
// ends shows an error of its own, and not the page: so what it sends is taken first.
// (http.ResponseController.EnableFullDuplex, by which net/http would answer at once
// and leave the rest unread, makes it worse: the connection is reset all the same.)
type bodies struct {
	most time.Duration // that one may take

	mu sync.Mutex
	by map[netip.Prefix]int // those that are being read; maxBodies at most
	n  int
}

// drop takes what remains of a request's body off the connection, or has the
// connection end after the answer.
func (b *bodies) drop(w http.ResponseWriter, r *http.Request) {
	// HTTP/2 and 3 end one stream and say why; the others go on.
	if r.ProtoMajor != 1 || r.Body == nil || r.ContentLength == 0 {
		return
	}
	control := http.NewResponseController(w)
	if b.read(control, r) {
		return
	}
	w.Header().Set("Connection", "close")
	// net/http reads on after the answer, up to 256 kB, for as long as the client likes.
	_ = control.SetReadDeadline(time.Now())
}

// read says whether it read the body to its end. A client that waits for
// `100 Continue` has sent nothing yet, and need not.
func (b *bodies) read(control *http.ResponseController, r *http.Request) bool {
	if r.ContentLength > maxBody || r.Header.Get("Expect") != "" {
		return false
	}
	addr := addressOf(r)
	if !b.enter(addr) {
		return false
	}
	defer b.leave(addr)
	if control.SetReadDeadline(time.Now().Add(b.most)) != nil {
		return false
	}
	n, err := io.Copy(io.Discard, io.LimitReader(r.Body, maxBody+1))
	if err != nil || n > maxBody {
		return false
	}
	return control.SetReadDeadline(time.Time{}) == nil // of the next request: the server sets it anew
}

func (b *bodies) enter(addr netip.Prefix) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.n >= maxBodies || b.by[addr] >= maxAddressBodies {
		return false
	}
	if b.by == nil {
		b.by = make(map[netip.Prefix]int)
	}
	b.by[addr]++
	b.n++
	return true
}

func (b *bodies) leave(addr netip.Prefix) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n--
	if b.by[addr]--; b.by[addr] == 0 {
		delete(b.by, addr)
	}
}
