package session

import (
	"net/http"
	"strings"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// Marks of what was tried without a question to the person. They keep a browser from
// being sent round, and protect nobody but its person: they are not sealed, and one that
// is there twice counts, too.

// putOffTime is how long nobody is sent to ProConnect for a renewal after one failed.
const putOffTime = time.Minute

// SilentTried says whether this browser was asked silently since it was opened, or
// somebody logged out in it.
func (k *Keeper) SilentTried(o origin.Origin, cookies []string) bool {
	return hasCookie(cookies, k.names(o).silent)
}

// NoteSilent remembers that it was. The mark lives as long as the browser.
func (k *Keeper) NoteSilent(w http.ResponseWriter, o origin.Origin) {
	setCookie(w, k.names(o).silent, "1", "/", 0)
}

// RenewalPutOff says whether a renewal failed a moment ago.
func (k *Keeper) RenewalPutOff(o origin.Origin, cookies []string) bool {
	return hasCookie(cookies, k.names(o).putOff)
}

// PutOffRenewal remembers that one did.
func (k *Keeper) PutOffRenewal(w http.ResponseWriter, o origin.Origin) {
	setCookie(w, k.names(o).putOff, "1", "/", int(putOffTime/time.Second))
}

// AwaitRenewal puts off the next renewal while this one is not back. ProConnect may show a
// page of its own, from which people come back by themselves: they go on for a quarter of
// the grace before they meet it again.
func (k *Keeper) AwaitRenewal(w http.ResponseWriter, o origin.Origin) {
	setCookie(w, k.names(o).putOff, "1", "/", int(max(putOffTime, k.renew/4)/time.Second))
}

// hasCookie says whether there is a cookie of a name, once or more.
func hasCookie(lines []string, name string) bool {
	for _, line := range lines {
		for pair := range strings.SplitSeq(line, ";") {
			if n, _, _ := strings.Cut(strings.TrimLeft(pair, " \t"), "="); n == name {
				return true
			}
		}
	}
	return false
}

// overtakenTime is how long a request may take to be answered.
const overtakenTime = time.Minute

// Overtaken says whether a browser that has a session was given another one on this node
// since an attempt began: another tab's step-up or login was answered while this answer
// was made, of the session of before and without what was proven meanwhile. The secret
// tells it, which each session replaces.
//
// A browser that has no session is never overtaken: its answers may arrive in any order,
// and each brings one.
func (k *Keeper) Overtaken(b Browser, a *Attempt, s *Session) bool {
	at, spent := k.marks.spent.added(flightOf(b), k.now(), overtakenTime)
	return spent && !s.IsZero() && a.startedAt <= at
}

// Spend notes that a browser was given a session, by the secret that it had before.
func (k *Keeper) Spend(b Browser) {
	k.marks.spent.add(flightOf(b), k.now(), overtakenTime, maxUsed)
}
