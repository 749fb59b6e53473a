// Package session keeps who somebody is between requests: in sealed cookies, whose
// names nobody else knows, and in the storage what was revoked. The Keeper is its door:
// it opens, saves and ends sessions, and remembers logins and logouts under way.
package session

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/revocation"
)

// Versions open every session: the format of what follows. A node that reads a later
// format goes on reading the earlier ones.
const (
	// sessionVersion is of sessions that ProConnect confirmed once, at their first login.
	sessionVersion = 1

	// confirmedVersion holds, behind the lifetime, when ProConnect confirmed it last. It is
	// written where something depends on it, so that nodes of before read all others.
	confirmedVersion = 2
)

// maxSessionCookie is what a sealed session may weigh as a cookie, in bytes:
// browsers drop what is over 4 kB together with its name and attributes.
const maxSessionCookie = 3800

// clockSkew is how far apart the clocks of nodes may be, and how far a clock that
// is set right may go back under sessions that it has just dated: nobody who is
// logged in should notice.
const clockSkew = 5 * time.Minute

// familyAhead is how far ahead of the clock a family may begin: one that follows a record
// which ends people's sessions begins behind that, and the record lies ahead by itself.
const familyAhead = clockSkew + revocation.PeopleAhead

// Session is what is remembered of a person between requests: an identity, and
// the family of logins that it belongs to. Every renewal, step-up or further
// login of the same person stays in the family, so that logging out ends all
// the cookies that were ever made for it, stolen ones too.
type Session struct {
	claims.Set
	Family       Family
	RequestedACR []string // the essential acr values of the last login

	startedAt   int64 // the family's first login, Unix seconds
	lifetime    int64 // that sessions had then, in seconds
	confirmedAt int64 // when ProConnect last said who this is, Unix seconds

	over    *ended  // the session in whose place there is none, because it is over in this browser
	seenDue uint32  // when this request came, Unix seconds, if that is to be noted
	renewal Renewal // whether ProConnect is to confirm it again

	room [24]claims.Part // for where the values lie, so that it needs no memory of its own
}

// Family names the logins of one person in one browser, from the first one to the
// logout that ends them all.
type Family [16]byte

// IsZero says that there is no session.
func (s *Session) IsZero() bool { return s.Family == Family{} }

// expiresAt is when the session's lifetime is over: a shorter one that was
// configured since cuts it, a longer one does not stretch it.
func (s *Session) expiresAt(lifetime time.Duration) time.Time {
	return time.Unix(s.startedAt, 0).Add(min(lifetime, time.Duration(s.lifetime)*time.Second))
}

// EndsAt is when no session of the family is alive any more, whatever is
// configured meanwhile: a logout is remembered until then.
func (s *Session) EndsAt() time.Time { return time.Unix(s.startedAt+s.lifetime, 0) }

// alive says whether the session may be used at a time. One from the future was
// made by a clock that nobody can trust.
func (s *Session) alive(now time.Time, lifetime time.Duration) bool {
	if s.confirmedAt > s.startedAt && !time.Unix(s.confirmedAt, 0).Before(now.Add(clockSkew)) {
		return false
	}
	return !s.IsZero() && time.Unix(s.startedAt, 0).Before(now.Add(familyAhead)) && now.Before(s.expiresAt(lifetime))
}

// encode writes the session in the compact form that is sealed into the cookie.
func (s *Session) encode() []byte {
	b := make([]byte, 0, 512)
	version := byte(sessionVersion)
	if s.confirmedAt != s.startedAt {
		version = confirmedVersion
	}
	b = append(b, version)
	b = append(b, s.Family[:]...)
	b = binary.AppendUvarint(b, uint64(s.startedAt))
	b = binary.AppendUvarint(b, uint64(s.lifetime))
	if version == confirmedVersion {
		b = binary.AppendUvarint(b, uint64(s.confirmedAt))
	}
	b = claims.AppendStrings(b, s.RequestedACR)
	return s.Set.AppendTo(b)
}

var errSession = errors.New("session: not in a format of this version")

// decode reads what encode wrote. The values share the memory of text.
func (s *Session) decode(text string) error {
	r := claims.Reader{Text: text}
	version := r.String(1)
	if version != string(rune(sessionVersion)) && version != string(rune(confirmedVersion)) {
		return errSession
	}
	copy(s.Family[:], r.String(len(s.Family)))
	s.startedAt = int64(r.Uvarint())
	s.lifetime = int64(r.Uvarint())
	s.confirmedAt = s.startedAt
	if version == string(rune(confirmedVersion)) {
		s.confirmedAt = int64(r.Uvarint())
	}
	for range r.Count() {
		s.RequestedACR = append(s.RequestedACR, r.String(r.Count()))
	}
	s.Set.Decode(&r, s.room[:0])
	if !r.Finished() || s.IsZero() {
		return errSession
	}
	return nil
}

// IsSomebodyElse says whether the session after another one is of another person, or of
// another account. Of a session that was not asked for the provider's identifier, the
// subject tells it.
func (s *Session) IsSomebodyElse(now *Session) bool {
	if s.IsZero() {
		return false
	}
	providers := [2][]string{s.Of(claims.IDPID), now.Of(claims.IDPID)}
	return s.First(claims.Sub) != now.First(claims.Sub) ||
		len(providers[0]) > 0 && len(providers[1]) > 0 && !slices.Equal(providers[0], providers[1])
}
