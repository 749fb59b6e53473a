package session

// Why a login ends in the browser that began it, once, as the person who logged in.
//
// An attempt is nowhere but in the state of its authorization request: an envelope,
// sealed with AES-256-GCM under a key for this purpose, format, issuer and client. A
// browser has one secret, S, in a cookie that no sibling domain and no page can write
// or read (__Host-, HttpOnly; on plain http at loopback any local port can plant it).
// Nonce, PKCE verifier and bind are derived from S, the client, the origin and the
// attempt's random id.
//
//   - Forged or changed states do not open (GCM). Those of other clients and purposes
//     are under other keys. An origin's hash is inside: no state of a sibling opens here.
//   - Login CSRF: somebody has a victim open the callback of their own login. Its bind
//     is of another S: code and error are ignored. To make one for the victim's S they
//     would need S. Who plants an S of their own loses it with the next session, which
//     sets a new one, and what they began before dies with it.
//   - Code injection: a stolen code, put beside a state of the thief's own browser. The
//     ID token has the nonce of the victim's attempt, and ProConnect the challenge of its
//     verifier: both are of another S and id.
//   - Mix-up: iss is compared before anything else is done with a state that opened.
//   - Replay: an id is good once on this node. On all nodes the new session has replaced
//     S, so that the bind no longer holds. A login that failed has brought nothing, and
//     its code is used at ProConnect.
//   - Logout deletes S: no tab that was at ProConnect meanwhile brings a session back.
//     The family that an attempt began with is inside, and must not be revoked.
//   - Loops: the round is inside. Who comes back without S is never sent on without a
//     click; who comes back with another S, or late, twice at most.
//   - What stands inside is for us alone: whoever reads addresses learns no target, no
//     level and no family. Until bind holds, nothing of it is used but the target, which
//     passes the check of return targets again.
//   - Nothing grows: no cookie and no memory for an attempt, but for the ids that were
//     used, which are bounded in number and time.
//   - The redirect URI comes from the configuration, never from the envelope.

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

const (
	// attemptTime is how long a browser may stay away: creating an account at
	// ProConnect takes a while.
	attemptTime = time.Hour

	// maxState is how long a state may be, in characters.
	maxState = 1200
)

// Kind is what a login is for.
type Kind uint8

// Kinds of logins. They are the envelope's format: append, never reorder.
const (
	Login  Kind = iota // of somebody who has no session, or wants another
	StepUp             // of somebody whose session lacks a level of assurance
	Renew              // of a session that is to be confirmed
	Silent             // without a page of ProConnect's
	kinds
)

// Attempt is a login under way.
type Attempt struct {
	Kind      Kind
	Automatic bool // begun without a click
	Round     int  // how many attempts went before it that nobody clicked for
	Target    string
	ACR       []string // the levels of which one was required
	Scopes    []string // what was asked: the configuration may change meanwhile
	Family    Family   // of the session that it began with
	Gate      string   // the key of the hints of the gate that asked

	// Site is the origin in full, where another host takes the answer for it.
	Site string

	id        [16]byte
	startedAt int64 // Unix seconds
	bind      [16]byte
	origin    [16]byte // of the hash
	after     [16]byte // the id of the one that came back instead; not in the envelope
}

// Again is the same login, begun anew without a click: a plain one, whatever the other was.
func (a *Attempt) Again() *Attempt {
	return &Attempt{Automatic: true, Round: a.Round + 1, Target: a.Target, ACR: a.ACR, Gate: a.Gate, after: a.id}
}

// Secrets are what a login is asked with, and what proves its answer.
type Secrets struct{ State, Nonce, Verifier string }

// LedBack says whether the login was hinted to the identity provider of the session
// that it began with.
func (a *Attempt) LedBack() bool { return a.Family != Family{} && len(a.ACR) > 0 }

// BeganAt says whether an attempt began at an origin.
func (a *Attempt) BeganAt(o origin.Origin) bool { return a.origin == originHash(o) }

// Late says whether the browser was away for too long.
func (a *Attempt) Late(now time.Time) bool { return now.Sub(time.Unix(a.startedAt, 0)) > attemptTime }

// FromTheFuture says whether an attempt was made by a clock that nobody can trust.
func (a *Attempt) FromTheFuture(now time.Time) bool {
	return time.Unix(a.startedAt, 0).After(now.Add(clockSkew))
}

// BeginAttempt gives a login of a browser what ProConnect is asked with.
func (k *Keeper) BeginAttempt(ctx context.Context, o origin.Origin, b Browser, a *Attempt, now time.Time) (Secrets, error) {
	rand.Read(a.id[:]) // never fails, by its documentation
	a.startedAt, a.origin, a.bind = now.Unix(), originHash(o), k.bind(o, b, a)
	state, err := k.sealAttempt(ctx, a)
	if err != nil {
		return Secrets{}, err
	}
	s := k.Secrets(o, b, a)
	s.State = state
	return s, nil
}

// sealAttempt seals an attempt whose target is shortened as far as it must be.
func (k *Keeper) sealAttempt(ctx context.Context, a *Attempt) (state string, err error) {
	for target := range shorterTargets(a.Target) {
		short := *a
		short.Target = target
		if state, err = k.attempts.Seal(ctx, short.encode(), ""); err != nil || len(state) <= maxState {
			return state, err
		}
	}
	return "", errEnvelope
}

// OpenAttempt opens the envelope that a state is; nil if it is none of this client's.
// Nothing is consumed, and whose it is has still to be found out.
func (k *Keeper) OpenAttempt(ctx context.Context, state string) *Attempt {
	if len(state) > maxState {
		return nil
	}
	plain, err := k.attempts.Open(ctx, state, "")
	if err != nil {
		return nil
	}
	a := new(Attempt)
	if a.decode(plain) != nil {
		return nil
	}
	return a
}

// Began says whether it was this browser that began an attempt.
func (k *Keeper) Began(o origin.Origin, b Browser, a *Attempt) bool {
	bind := k.bind(o, b, a)
	return subtle.ConstantTimeCompare(bind[:], a.bind[:]) == 1
}
