package session

import "time"

// Renewal says whether ProConnect is to confirm a session again.
type Renewal uint8

const (
	NotDue Renewal = iota

	// RenewalDue is a session that the next page is to renew. Until it is, people and
	// scripts go on: a grace as long as the time after which it was due.
	RenewalDue

	// RenewalOverdue is one whose grace is over: it opens nothing until it is renewed.
	RenewalOverdue
)

// Renewal says whether ProConnect is to confirm the session again.
func (s *Session) Renewal() Renewal { return s.renewal }

// renewalAt says it at a time.
func (s *Session) renewalAt(now time.Time, renew time.Duration) Renewal {
	age := now.Sub(time.Unix(s.confirmedAt, 0))
	switch {
	case renew == 0 || age < renew:
		return NotDue
	case age < 2*renew:
		return RenewalDue
	}
	return RenewalOverdue
}

// Confirmed is when ProConnect last said who this is.
func (s *Session) Confirmed() time.Time { return time.Unix(s.confirmedAt, 0) }
