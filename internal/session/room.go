package session

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// maxCookies is what the cookies of a request may weigh, in bytes, once an attempt is
// added: Caddy reads 16 kB of headers (`max_header_size`), and answers 431 to whatever a
// browser asks for with more, which shuts the site for it. Anybody's links can have a
// browser collect attempts; what else it sends, a logout's hint among it, takes the rest.
const maxCookies = 11 << 10

// pendingAttempt is one that the browser already has.
type pendingAttempt struct {
	name    string
	size    int
	started int64 // Unix seconds; 0 if that cannot be read
	own     bool  // of this client
}

// makeRoom drops attempts of the browser until one more fits: of this client those that
// are over or unreadable and the oldest of too many; then the oldest of any client of
// the host, for all of them and the site's own cookies share one header. It returns how
// many bytes are left.
func (k *Keeper) makeRoom(ctx context.Context, w http.ResponseWriter, o origin.Origin, cookies []string, size int) int {
	left := maxCookies - cookieSize(size)
	for _, line := range cookies {
		left -= len(line)
	}
	drop := func(a pendingAttempt) {
		setCookie(w, a.name, "", "/", -1)
		left += a.size
	}
	own, kept := 0, []pendingAttempt(nil)
	for _, a := range k.pendingAttempts(ctx, o, cookies) {
		if a.own {
			if own++; own >= maxAttempts || a.started == 0 {
				drop(a)
				continue
			}
		}
		kept = append(kept, a) // one of another client that cannot be read may be so for a moment only
	}
	for left < 0 && len(kept) > 0 {
		drop(kept[len(kept)-1])
		kept = kept[:len(kept)-1]
	}
	return left
}

// cookieSize is what a cookie of so many bytes of name and value adds to a request.
func cookieSize(size int) int { return size + len("=; ") }

// pendingAttempts are the attempts of all clients that the browser sends, the newest
// first.
func (k *Keeper) pendingAttempts(ctx context.Context, o origin.Origin, cookies []string) []pendingAttempt {
	var pending []pendingAttempt
	for _, other := range k.neighbours {
		eachCookie(cookies, other.names(o).login, func(name, value string) {
			a := pendingAttempt{name: name, size: cookieSize(len(name) + len(value)), own: other == k}
			if len(pending) < 4*maxAttempts { // more than a browser was ever given: the rest is not worth a look
				if opened := other.openAttempt(ctx, o, value); opened != nil {
					a.started = opened.Started
				}
			}
			pending = append(pending, a)
		})
	}
	// Of those of one second, the browser sends the oldest first (RFC 6265 §5.4).
	slices.SortStableFunc(pending, func(a, b pendingAttempt) int { return cmp.Compare(a.started, b.started) })
	slices.Reverse(pending)
	return pending
}
