package session

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

// Config is what the sessions of a client are kept with.
type Config struct {
	Name             string        // of the cookies, without the prefix of RFC 6265bis
	Lifetime         time.Duration // of a session, from its family's first login
	Idle             time.Duration // without a request, after which a session ends; 0: never
	Renew            time.Duration // after which ProConnect is to confirm a session again; 0: never
	Persistent       bool          // sessions outlive the browser's end
	Keys             *seal.Keyring
	Issuer, ClientID string            // what is sealed for one client opens for no other
	Shared           *Shared           // what the process knows of logouts; nil: nothing yet
	Storage          certmagic.Storage // where they are told to other nodes
	Log              *zap.Logger
	AcceptUnread     bool             // sessions count before anybody knows which were logged out
	Now              func() time.Time // the clock; nil means time.Now

	// Learned hears of whom another node, or an operator in the storage, ended the sessions:
	// of a field and a value, both empty for everybody. It may be nil.
	Learned func(field, value string)
}

// Keeper keeps the sessions of one client, its logins and its logouts under way: in
// cookies that it alone knows the names of, and in the storage what was revoked.
type Keeper struct {
	lifetime     time.Duration
	idle         time.Duration
	renew        time.Duration
	persistent   bool
	now          func() time.Time
	base         string         // of the cookies' names
	cookies      [2]schemeNames // over plain http, over https
	issuer       string
	clientID     string
	sessions     *seal.Box
	seen         *seal.Box // when somebody was last seen
	attempts     *seal.Box
	idTokens     *seal.Box
	logouts      *seal.Box
	forms        *seal.Box // tokens of the forms that log out
	logoutStates *seal.Box // states of logouts that return by another host
	shared       *Shared
	user         user
	release      func() // ends what Start began
	keys         *seal.Keyring
	accept       bool
	marks        *marks // of logins
}

// New returns a keeper. It uses neither keys nor storage yet.
func New(cfg Config) *Keeper {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Shared == nil {
		cfg.Shared = NewShared(cfg.Storage, "proconnect", cfg.Log)
	}
	k := &Keeper{
		lifetime: cfg.Lifetime, idle: cfg.Idle, renew: cfg.Renew, persistent: cfg.Persistent, now: cfg.Now,
		base:         cfg.Name,
		issuer:       cfg.Issuer,
		clientID:     cfg.ClientID,
		sessions:     cfg.Keys.Box("session", cfg.Issuer, cfg.ClientID),
		seen:         cfg.Keys.Box("last seen", cfg.Issuer, cfg.ClientID),
		attempts:     cfg.Keys.Box("attempt", strconv.Itoa(envelopeVersion), cfg.Issuer, cfg.ClientID),
		idTokens:     cfg.Keys.Box("id token hint", cfg.Issuer, cfg.ClientID),
		logouts:      cfg.Keys.Box("logout", cfg.Issuer, cfg.ClientID),
		forms:        cfg.Keys.Box("logout form", cfg.Issuer, cfg.ClientID),
		logoutStates: cfg.Keys.Box("logout state", cfg.Issuer, cfg.ClientID),
		shared:       cfg.Shared,
		user:         newUser(cfg),
		keys:         cfg.Keys,
		accept:       cfg.AcceptUnread,
		marks:        cfg.Shared.marks,
	}
	k.cookies[0].own = newCookieNames(cfg.Name, "", false)
	k.cookies[1].own = newCookieNames(cfg.Name, "", true)
	k.shared.found(k.user)
	return k
}

// Now is the keeper's clock, by which all times of a client's sessions and logins go.
func (k *Keeper) Now() time.Time { return k.now() }

// Open opens the session that a browser sends into s, which stays empty if there is
// none that is alive and not revoked. ErrUnread says that there may be one, and that
// nobody can tell before the storage answers.
func (k *Keeper) Open(ctx context.Context, o origin.Origin, cookies []string, s *Session) error {
	value, ok := findCookie(cookies, k.names(o).session)
	if !ok || len(value) > maxSessionCookie {
		return nil
	}
	plain, err := k.sessions.Open(ctx, value, binding(o))
	if err != nil {
		return k.unopened(err)
	}
	if s.decode(plain) != nil {
		*s = Session{}
		return nil
	}
	now := k.now()
	if !s.alive(now, k.lifetime) || k.idle != 0 && !k.inUse(ctx, o, cookies, s, now) {
		*s = Session{over: s.overHere(now)}
		return nil
	}
	s.renewal = s.renewalAt(now, k.renew)
	return k.check(s)
}

// New returns a session of a person: of a new family, or in that of an earlier one of
// theirs.
func (k *Keeper) New(set *claims.Set, requestedACR []string, earlier *Session, now time.Time) *Session {
	s := &Session{Set: *set, RequestedACR: requestedACR, startedAt: now.Unix(), lifetime: int64(k.lifetime / time.Second)}
	s.confirmedAt = s.startedAt
	if earlier != nil && !k.Ended(earlier) {
		s.Family, s.startedAt, s.lifetime = earlier.Family, earlier.startedAt, earlier.lifetime
		if k.idle == 0 && k.renew == 0 {
			s.confirmedAt = s.startedAt // nothing depends on it, and a node of before can read it
		}
		return s
	}
	s.startedAt = k.beginsAt(s)
	s.lifetime = max(0, s.lifetime-(s.startedAt-now.Unix())) // which counts from the login, as all times do
	if k.idle == 0 && k.renew == 0 {
		s.confirmedAt = s.startedAt
	}
	rand.Read(s.Family[:]) // never fails, by its documentation
	return s
}

// ExpiresAt is when a session ends by itself.
func (k *Keeper) ExpiresAt(s *Session) time.Time { return s.expiresAt(k.lifetime) }

// TooLargeError says that an identity does not fit into a cookie.
type TooLargeError struct {
	Bytes int    // of the sealed session
	Claim string // the claim that weighs most
}

// Error says how large it is, and names the claim.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("session: %d bytes do not fit into a cookie, of which %s weighs most", e.Bytes, e.Claim)
}

// Save seals a session into the browser's cookie. An identity that does not fit is a
// *TooLargeError; any other error is the storage's, which has the keys.
func (k *Keeper) Save(ctx context.Context, w http.ResponseWriter, o origin.Origin, s *Session) error {
	value, err := k.sessions.Seal(ctx, s.encode(), binding(o))
	if err != nil {
		return err
	}
	if len(value) > maxSessionCookie {
		return &TooLargeError{Bytes: len(value), Claim: s.Largest()}
	}
	setCookie(w, k.names(o).session, value, "/", k.maxAge(s))
	return nil
}

// Clear drops everything that the browser keeps for us. Its secret goes too: a login
// that another tab began before the logout does not bring a session back. So does the
// count of logins without a click: somebody who changes account is in no loop.
func (k *Keeper) Clear(w http.ResponseWriter, o origin.Origin, logoutPath string) {
	names := k.names(o)
	k.EndSession(w, o, logoutPath)
	for _, name := range []string{names.browser, names.busy, names.putOff, names.rounds} {
		setCookie(w, name, "", "/", -1)
	}
	k.NoteSilent(w, o) // who logged out is not logged in again without a click
}

// EndSession drops what the browser keeps of its session.
func (k *Keeper) EndSession(w http.ResponseWriter, o origin.Origin, logoutPath string) {
	names := k.names(o)
	setCookie(w, names.session, "", "/", -1)
	setCookie(w, names.seen, "", "/", -1)
	setCookie(w, names.idToken, "", logoutPath, -1)
}
