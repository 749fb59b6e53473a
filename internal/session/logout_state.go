package session

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// logoutStateVersion opens every state of a logout that returns by another host.
const logoutStateVersion = 1

// logoutStateHead is its version, a random id and a time.
const logoutStateHead = 1 + 16 + 8

// LogoutState is the state of a logout at an origin to which another host sends the
// browser back: sealed, so that this host can believe the origin. The rest of what is
// known of the logout stays in the browser's cookie.
func (k *Keeper) LogoutState(ctx context.Context, o origin.Origin, now time.Time) (string, error) {
	plain := make([]byte, 1+16, logoutStateHead+len(o.Addr)+len("https://"))
	plain[0] = logoutStateVersion
	rand.Read(plain[1:]) // never fails, by its documentation
	plain = binary.BigEndian.AppendUint64(plain, uint64(now.Unix()))
	return k.logoutStates.Seal(ctx, append(plain, o.URL("")...), "")
}

// OpenLogoutState returns the origin at which a logout began, as it was written; not ok
// if the state is none of this client's logouts.
func (k *Keeper) OpenLogoutState(ctx context.Context, state string) (site string, began time.Time, ok bool) {
	plain, err := k.logoutStates.Open(ctx, state, "")
	if err != nil || len(plain) < logoutStateHead || plain[0] != logoutStateVersion {
		return "", time.Time{}, false
	}
	began = time.Unix(int64(binary.BigEndian.Uint64([]byte(plain[logoutStateHead-8:logoutStateHead]))), 0)
	return plain[logoutStateHead:], began, true
}

// LogoutUnderWay says whether a browser may still be at ProConnect for a logout that began
// at a time.
func LogoutUnderWay(began, now time.Time) bool {
	age := now.Sub(began)
	return age <= logoutTime && age >= -clockSkew
}
