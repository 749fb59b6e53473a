package session

import (
	"crypto/sha256"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// flightTime is how long a pass by ProConnect keeps other tabs of the browser from
// beginning one without a click. Passes at the same time kill one another there.
const flightTime = 20 * time.Second

// maxFlights bounds how many passes this node knows; beyond it, the cookie alone tells.
const maxFlights = 100_000

// BeginFlight says whether a tab may go to ProConnect without a click: if no other tab of
// the browser is on its way. From then on it is.
//
// The cookie tells it on every node. The node's own memory tells it of tabs that a
// browser restores at once, whose requests were sent before any cookie came.
func (k *Keeper) BeginFlight(w http.ResponseWriter, o origin.Origin, cookies []string, b Browser, a *Attempt, now time.Time) bool {
	if k.flying(o, cookies, a, now) || !k.marks.flights.add(flightOf(b), now, flightTime, maxFlights) {
		return false
	}
	k.setFlight(w, o, a, now)
	return true
}

// NoteFlight tells of a tab that somebody sent to ProConnect by a click, which always
// goes.
func (k *Keeper) NoteFlight(w http.ResponseWriter, o origin.Origin, b Browser, a *Attempt, now time.Time) {
	k.marks.flights.drop(flightOf(b))
	k.marks.flights.add(flightOf(b), now, flightTime, maxFlights)
	k.setFlight(w, o, a, now)
}

// EndFlight lets the next tab go: this one is back.
func (k *Keeper) EndFlight(w http.ResponseWriter, o origin.Origin, b Browser) {
	k.marks.flights.drop(flightOf(b))
	setCookie(w, k.names(o).busy, "", "/", -1)
}

// setFlight writes into the cookie when it is over: a clock of the browser's that is
// wrong, or a cookie that somebody planted, keeps nobody waiting for longer. It names the
// attempt, too: one that comes back and is not this browser's any more, because another
// tab has replaced the secret, is under way no longer. Somebody else's ends nothing.
func (k *Keeper) setFlight(w http.ResponseWriter, o origin.Origin, a *Attempt, now time.Time) {
	value := strconv.FormatInt(now.Add(flightTime).Unix(), 10) + "." + nameOf(a.id)
	setCookie(w, k.names(o).busy, value, "/", int(flightTime/time.Second))
}

// Flying says whether a browser remembers that one of its tabs is at ProConnect.
func (k *Keeper) Flying(o origin.Origin, cookies []string) bool {
	return k.flying(o, cookies, new(Attempt), k.now())
}

// flying reads the cookie, for an attempt that would begin.
func (k *Keeper) flying(o origin.Origin, cookies []string, a *Attempt, now time.Time) bool {
	value, _ := findCookie(cookies, k.names(o).busy)
	time, name, _ := strings.Cut(value, ".")
	until, err := strconv.ParseInt(time, 10, 64)
	return err == nil && until > now.Unix() && until <= now.Add(flightTime+clockSkew).Unix() && name != nameOf(a.after)
}

// nameOf is how a cookie names an attempt, whose id nobody else is told.
func nameOf(id [16]byte) string {
	sum := sha256.Sum256(id[:])
	return strict.EncodeToString(sum[:8])
}

// flightOf is how the node knows a browser, without keeping its secret.
func flightOf(b Browser) [16]byte {
	sum := sha256.Sum256(b[:])
	return [16]byte(sum[:16])
}
