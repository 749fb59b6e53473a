package proconnect

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
)

// sessionVersion opens every session: the format of what follows. A node that
// reads a later format goes on reading this one.
const sessionVersion = 1

// maxSessionCookie is what a sealed session may weigh as a cookie, in bytes:
// browsers drop what is over 4 kB together with its name and attributes.
const maxSessionCookie = 3800

// clockSkew is how far apart the clocks of nodes may be, and how far a clock that
// is set right may go back under sessions that it has just dated: nobody who is
// logged in should notice.
const clockSkew = 5 * time.Minute

// session is what is remembered of a person between requests: an identity, and
// the family of logins that it belongs to. Every renewal, step-up or further
// login of the same person stays in the family, so that logging out ends all
// the cookies that were ever made for it, stolen ones too.
type session struct {
	claims.Set
	family   familyID
	first    int64    // the family's first login, Unix seconds
	lasts    int64    // the lifetime that sessions had then, in seconds
	askedACR []string // the essential acr values of the last login

	room [24]claims.Part // for where the values lie, so that it needs no memory of its own
}

type familyID [16]byte

// isZero says that there is no session.
func (s *session) isZero() bool { return s.family == familyID{} }

// expiresAt is when the session's lifetime is over: a shorter one that was
// configured since cuts it, a longer one does not stretch it.
func (s *session) expiresAt(lifetime time.Duration) time.Time {
	return time.Unix(s.first, 0).Add(min(lifetime, time.Duration(s.lasts)*time.Second))
}

// endsAt is when no session of the family is alive any more, whatever is
// configured meanwhile: a logout is remembered until then.
func (s *session) endsAt() time.Time { return time.Unix(s.first+s.lasts, 0) }

// alive says whether the session may be used at a time. One from the future was
// made by a clock that nobody can trust.
func (s *session) alive(now time.Time, lifetime time.Duration) bool {
	return !s.isZero() && time.Unix(s.first, 0).Before(now.Add(clockSkew)) && now.Before(s.expiresAt(lifetime))
}

// encode writes the session in the compact form that is sealed into the cookie.
func (s *session) encode() []byte {
	b := make([]byte, 0, 512)
	b = append(b, sessionVersion)
	b = append(b, s.family[:]...)
	b = binary.AppendUvarint(b, uint64(s.first))
	b = binary.AppendUvarint(b, uint64(s.lasts))
	b = claims.AppendStrings(b, s.askedACR)
	return s.Set.AppendTo(b)
}

var errSession = errors.New("session: not in a format of this version")

// Decode reads what encode wrote. The values share the memory of text.
func (s *session) decode(text string) error {
	r := claims.Reader{Text: text}
	if r.String(1) != string(rune(sessionVersion)) {
		return errSession
	}
	copy(s.family[:], r.String(len(s.family)))
	s.first = int64(r.Uvarint())
	s.lasts = int64(r.Uvarint())
	for range r.Count() {
		s.askedACR = append(s.askedACR, r.String(r.Count()))
	}
	s.Set.Decode(&r, s.room[:0])
	if !r.Finished() || s.isZero() {
		return errSession
	}
	return nil
}
