package session

import (
	"context"
	"encoding/binary"
	"net/http"
	"strings"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// When somebody was last seen stands in a small cookie of its own, and not in the
// session's: it is written by answers of all kinds, and a slow one would put back the
// session of before a step-up, or of before somebody else logged in. It is sealed, bound
// to the family, and holds when the *request* came. So what an old answer brings, or
// somebody who kept a cookie puts back, is at most an earlier time.

// seenStep is how often the time is written anew, and how long an answer may take that
// writes it: a tenth of what idle allows.
func (k *Keeper) seenStep() time.Duration { return k.idle / 10 }

// inUse says whether a session was used within the idle time, and notes whether this
// request is to be remembered. Somebody was last seen by the cookie, or when ProConnect
// last confirmed the session, whichever is later.
func (k *Keeper) inUse(ctx context.Context, o origin.Origin, cookies []string, s *Session, now time.Time) bool {
	last := s.confirmedAt
	if now.Sub(time.Unix(last, 0)) >= k.seenStep() {
		last = max(last, k.seenAt(ctx, o, cookies, s.Family, now))
	}
	unseen := now.Sub(time.Unix(last, 0))
	if unseen >= k.seenStep() {
		s.seenDue = uint32(now.Unix())
	}
	return unseen < k.idle
}

// seenAt reads the cookie; 0 if it is none of ours for this family, or lies further ahead
// of this node's clock than the clocks of nodes may differ.
func (k *Keeper) seenAt(ctx context.Context, o origin.Origin, cookies []string, f Family, now time.Time) int64 {
	value, ok := findCookie(cookies, k.names(o).seen)
	if !ok || len(value) > maxSessionCookie {
		return 0
	}
	plain, err := k.seen.Open(ctx, value, binding(o))
	stamp, mine := strings.CutPrefix(plain, string(f[:]))
	if err != nil || !mine || len(stamp) != 4 {
		return 0
	}
	at := int64(binary.BigEndian.Uint32([]byte(stamp)))
	if at > now.Add(clockSkew).Unix() {
		return 0
	}
	return at
}

// SeenDue says whether this request of the person is to be remembered.
func (s *Session) SeenDue() bool { return s.seenDue != 0 }

// SaveSeen has the browser remember when the request came that is being answered, unless
// the answer took so long that another one may have remembered a later one. It is called
// when the headers of the answer are sent.
func (k *Keeper) SaveSeen(ctx context.Context, w http.ResponseWriter, o origin.Origin, s *Session) {
	if !s.SeenDue() || k.now().Sub(time.Unix(int64(s.seenDue), 0)) > k.seenStep() {
		return
	}
	plain := binary.BigEndian.AppendUint32(append([]byte(nil), s.Family[:]...), s.seenDue)
	value, err := k.seen.Seal(ctx, plain, binding(o))
	if err != nil {
		return // the next request is remembered; without keys nobody logs in either
	}
	setCookie(w, k.names(o).seen, value, "/", k.maxAge(s))
}

// maxAge is the Max-Age of the cookies that are bound to a session, in seconds: none, so
// that they end with the browser, or what remains of the lifetime.
func (k *Keeper) maxAge(s *Session) int {
	if !k.persistent {
		return 0
	}
	return max(1, int(k.ExpiresAt(s).Sub(k.now())/time.Second))
}
