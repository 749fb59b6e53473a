package session

import (
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// A login says who somebody is, and a gate whether they may enter: that they did is told
// once for a session, at the first request that a gate lets pass. The callback leaves a
// cookie for it, which that request's answer drops. It is not sealed: whoever forges it
// has their own entry told again.
const (
	entrySuffix = "_entry"
	entryMark   = "!" // begins its value, and no value of another cookie of ours
)

// MarkEntry has the next requests of a session say that it is yet to enter.
func (k *Keeper) MarkEntry(w http.ResponseWriter, o origin.Origin, s *Session) {
	setCookie(w, k.names(o).session+entrySuffix, s.entryValue(), "/", 0)
}

// Enters says whether the session is yet to enter. Requests that are not, which are all
// but the first ones, cost one search for two bytes that hardly any cookie holds.
func (k *Keeper) Enters(o origin.Origin, cookies []string, s *Session) bool {
	for _, line := range cookies {
		if strings.Contains(line, "="+entryMark) {
			value, ok := findCookie(cookies, k.names(o).session+entrySuffix)
			return ok && value == s.entryValue()
		}
	}
	return false
}

// Entered drops the mark.
func (k *Keeper) Entered(w http.ResponseWriter, o origin.Origin) {
	setCookie(w, k.names(o).session+entrySuffix, "", "/", -1)
}

// entryValue tells which session is meant, and nothing that anybody could use.
func (s *Session) entryValue() string { return entryMark + hex.EncodeToString(s.Family[:4]) }
