package session

import (
	"net/http"
	"strconv"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// roundTime is how long a login without a click counts as one of those of late.
const roundTime = time.Minute

// AutoLogins is how many logins without a click ended in a session in this browser in
// the last minute. An envelope cannot tell: each was a success, and the next one begins
// at the page that the session does not open. A cookie tells it that anybody may change
// in their own browser: it protects nobody but them.
func (k *Keeper) AutoLogins(o origin.Origin, cookies []string) int {
	value, _ := findCookie(cookies, k.names(o).rounds)
	if len(value) != 1 || value[0] < '0' || value[0] > '9' {
		return 0
	}
	return int(value[0] - '0')
}

// CountAutoLogin counts one that ended.
func (k *Keeper) CountAutoLogin(w http.ResponseWriter, o origin.Origin, cookies []string) {
	n := min(k.AutoLogins(o, cookies)+1, 9)
	setCookie(w, k.names(o).rounds, strconv.Itoa(n), "/", int(roundTime/time.Second))
}
