package session

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
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
	Keys             *seal.Keyring
	Issuer, ClientID string            // what is sealed for one client opens for no other
	Shared           *Shared           // what the process knows of logouts; nil: nothing yet
	Storage          certmagic.Storage // where they are told to other nodes
	Log              *zap.Logger
	AcceptUnread     bool // sessions count before anybody knows which were logged out
}

// Keeper keeps the sessions of one client, its logins and its logouts under way: in
// cookies that it alone knows the names of, and in the storage what was revoked.
type Keeper struct {
	lifetime   time.Duration
	cookies    [2]cookieNames // over plain http, over https
	sessions   *seal.Box
	attempts   *seal.Box
	idTokens   *seal.Box
	logouts    *seal.Box
	forms      *seal.Box // tokens of the forms that log out
	shared     *Shared
	user       user
	release    func() // ends what Start began
	keys       *seal.Keyring
	accept     bool
	used       usedAttempts
	neighbours []*Keeper // of all clients whose cookies share a host's header, itself too
}

// New returns a keeper. It uses neither keys nor storage yet.
func New(cfg Config) *Keeper {
	if cfg.Shared == nil {
		cfg.Shared = NewShared(cfg.Storage, "proconnect", cfg.Log)
	}
	k := &Keeper{
		lifetime: cfg.Lifetime,
		cookies:  [2]cookieNames{newCookieNames(cfg.Name, false), newCookieNames(cfg.Name, true)},
		sessions: cfg.Keys.Box("session", cfg.Issuer, cfg.ClientID),
		attempts: cfg.Keys.Box("login attempt", cfg.Issuer, cfg.ClientID),
		idTokens: cfg.Keys.Box("id token hint", cfg.Issuer, cfg.ClientID),
		logouts:  cfg.Keys.Box("logout", cfg.Issuer, cfg.ClientID),
		forms:    cfg.Keys.Box("logout form", cfg.Issuer, cfg.ClientID),
		shared:   cfg.Shared,
		user:     newUser(cfg),
		keys:     cfg.Keys,
		accept:   cfg.AcceptUnread,
	}
	k.shared.found(k.user)
	k.neighbours = []*Keeper{k}
	return k
}

// Share tells the keeper of those of the other clients: a browser sends the cookies of
// all of them together, and their sum must fit into a request.
func (k *Keeper) Share(all []*Keeper) { k.neighbours = all }

// names returns the names of the cookies at an origin.
func (k *Keeper) names(o origin.Origin) *cookieNames {
	if o.Secure {
		return &k.cookies[1]
	}
	return &k.cookies[0]
}

// Open opens the session that a browser sends into s, which stays empty if there is
// none that is alive and not revoked. ErrUnread says that there may be one, and that
// nobody can tell before the storage answers.
func (k *Keeper) Open(ctx context.Context, o origin.Origin, cookies []string, s *Session) error {
	value, ok := findCookie(cookies, k.names(o).session)
	if !ok || len(value) > maxSessionCookie {
		return nil
	}
	plain, err := k.sessions.Open(ctx, value, o.Host)
	if err != nil {
		return k.unopened(err)
	}
	if s.decode(plain) != nil || !s.alive(time.Now(), k.lifetime) {
		*s = Session{}
		return nil
	}
	return k.check(s)
}

// New returns a session of a person: of a new family, or in that of an earlier one of
// theirs.
func (k *Keeper) New(set *claims.Set, requestedACR []string, earlier *Session, now time.Time) *Session {
	s := &Session{Set: *set, RequestedACR: requestedACR, startedAt: now.Unix(), lifetime: int64(k.lifetime / time.Second)}
	if earlier != nil && !k.ended(earlier) {
		s.Family, s.startedAt, s.lifetime = earlier.Family, earlier.startedAt, earlier.lifetime
		return s
	}
	s.startedAt = k.beginsAt(s)
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
	value, err := k.sessions.Seal(ctx, s.encode(), o.Host)
	if err != nil {
		return err
	}
	if len(value) > maxSessionCookie {
		return &TooLargeError{Bytes: len(value), Claim: s.Largest()}
	}
	setCookie(w, k.names(o).session, value, "/", 0)
	return nil
}

// Clear drops everything that the browser keeps for us. The attempts go too: a login
// that another tab began before the logout does not bring a session back. So does the
// count of logins without a click: somebody who changes account is in no loop.
func (k *Keeper) Clear(w http.ResponseWriter, o origin.Origin, cookies []string, logoutPath string) {
	names := k.names(o)
	setCookie(w, names.session, "", "/", -1)
	setCookie(w, names.rounds, "", "/", -1)
	if _, marked := findCookie(cookies, names.session+entrySuffix); marked {
		k.Entered(w, o)
	}
	setCookie(w, names.idToken, "", logoutPath, -1)
	dropped := 0
	eachCookie(cookies, names.login, func(name, _ string) {
		if dropped++; dropped <= 4*maxAttempts {
			setCookie(w, name, "", "/", -1)
		}
	})
}
