package proconnect

import (
	"encoding/binary"
	"errors"
	"time"
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
	identity
	family   familyID
	first    int64    // the family's first login, Unix seconds
	lasts    int64    // the lifetime that sessions had then, in seconds
	askedACR []string // the essential acr values of the last login

	room [24]part // for where the values lie, so that it needs no memory of its own
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
	b = appendStrings(b, s.askedACR)
	b = binary.AppendUvarint(b, uint64(s.asked))
	for i := range claimSpecs {
		if s.asked&(1<<i) != 0 && i != claimSiren { // siren is derived anew
			b = appendStrings(b, s.at(s.known[i]))
		}
	}
	b = binary.AppendUvarint(b, uint64(len(s.extra)))
	for _, e := range s.extra {
		b = appendString(b, e.name)
		b = appendStrings(b, s.at(e.span))
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendStrings(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = appendString(b, s)
	}
	return b
}

var errSession = errors.New("session: not in a format of this version")

// decode reads what encode wrote. The values share the memory of text.
func (s *session) decode(text string) error {
	r := reader{text: text}
	if r.string(1) != string(rune(sessionVersion)) {
		return errSession
	}
	copy(s.family[:], r.string(len(s.family)))
	s.first = int64(r.uvarint())
	s.lasts = int64(r.uvarint())
	s.src, s.parts = text, s.room[:0]
	for range r.count() {
		s.askedACR = append(s.askedACR, r.string(r.count()))
	}
	asked := r.uvarint()
	if asked >= 1<<len(claimSpecs) {
		return errSession
	}
	for i := range claimSpecs {
		if asked&(1<<i) == 0 {
			continue
		}
		if i == claimSiren {
			s.setSIREN()
			continue
		}
		s.read(&r, claimRef{index: i})
	}
	for range r.count() {
		s.read(&r, claimRef{index: -1, name: r.string(r.count())})
	}
	if r.failed || r.at != len(text) || s.isZero() {
		return errSession
	}
	return nil
}

// read takes the values of a claim over.
func (s *session) read(r *reader, c claimRef) {
	lo := len(s.parts)
	for range r.count() {
		size := r.count()
		s.parts = append(s.parts, part{uint32(r.at), uint32(size)})
		r.at += size
	}
	s.place(c, lo)
}

// reader takes a sealed session apart. After a fault it is at the end.
type reader struct {
	text   string
	at     int
	failed bool
}

func (r *reader) fail() { r.failed, r.at = true, len(r.text) }

func (r *reader) string(n int) string {
	if n > len(r.text)-r.at {
		r.fail()
		return ""
	}
	r.at += n
	return r.text[r.at-n : r.at]
}

func (r *reader) uvarint() (v uint64) {
	if r.at < len(r.text) && r.text[r.at] < 0x80 { // nearly always
		r.at++
		return uint64(r.text[r.at-1])
	}
	for shift := 0; shift < 63 && r.at < len(r.text); shift += 7 {
		b := r.text[r.at]
		r.at++
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	r.fail()
	return 0
}

// count reads how many things follow; each takes a byte at least.
func (r *reader) count() int {
	n := r.uvarint()
	if n > uint64(len(r.text)-r.at) {
		r.fail()
		return 0
	}
	return int(n)
}
