package session

import "time"

// ended is a session that is over in one browser.
type ended struct {
	family Family
	until  time.Time // when none of its family is alive any more
}

// RevokeIdled ends everywhere the session that this browser had for too long without
// using it. Whoever copied it may have used the copy all the while: idleness alone, which
// each browser's own cookie tells, would keep the owner from ever ending that.
func (k *Keeper) RevokeIdled(s *Session) {
	if s.idled != nil {
		k.shared.revoked.Revoke(s.idled.family, s.idled.until)
	}
}
