package session

import "time"

// ended is a session that is over in one browser.
type ended struct {
	family Family
	until  time.Time // when none of its family is alive any more
}

// overHere is the session as one that is over in this browser, if a copy of it may be alive
// elsewhere: nobody used it here, or this configuration has it end sooner than the one in
// which it began. Nil of one that is over everywhere.
func (s *Session) overHere(now time.Time) *ended {
	if !now.Before(s.EndsAt()) {
		return nil
	}
	return &ended{s.Family, s.EndsAt()}
}

// RevokeOver ends everywhere the session that this browser had until it was over here.
// Whoever copied it may have used the copy all the while, or may use it under a lifetime
// that is as long as before: nothing else would let the owner ever end that.
func (k *Keeper) RevokeOver(s *Session) {
	if s.over != nil {
		k.shared.revoked.Revoke(s.over.family, s.over.until)
	}
}
