package session

import (
	"context"
	"path"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/revocation"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
	"github.com/caddy-proconnect/caddy-proconnect/internal/waits"
)

// Shared is what the process knows of the sessions of a client, from one configuration to
// the next: which were revoked, the keys of the storage, and the logins under way. While a
// configuration is replaced it serves two, and one that never ran if the new one fails.
type Shared struct {
	keys    *seal.Keyring
	revoked *revocation.List
	storage certmagic.Storage // of the configuration that runs; nobody waits longer than their context says
	marks   *marks

	trace      string       // says that a node uses the storage
	traced     atomic.Bool  // it is there
	traceAgain atomic.Int64 // when it may be tried again, in Unix nanoseconds

	mu    sync.Mutex
	users []*user // those that run, the newest last, behind the one that made it
	ran   bool    // a configuration ran

	before *Shared // of the storage that the client had; nil once this one ran

	// What opens records before a configuration runs: of each client that has these things
	// in common, which may have a secret of its own.
	founders []*seal.Box
}

// user is what a configuration lends: its storage is closed, and its log, once the
// next one has taken its place.
type user struct {
	storage certmagic.Storage
	log     *zap.Logger
	keys    revocation.Keys
	learned func(field, value string)
}

func newUser(cfg Config) user {
	return user{cfg.Storage, cfg.Log, revocation.Keys{Box: cfg.Keys.Box("people", cfg.Issuer, cfg.ClientID), Reload: cfg.Keys.Reload}, cfg.Learned}
}

// NewShared returns what a process knows that has just begun, of a client that keeps its
// things in the storage under a path.
func NewShared(storage certmagic.Storage, under string, log *zap.Logger) *Shared {
	s := &Shared{users: []*user{{storage: storage, log: log}}, marks: new(marks), trace: path.Join(under, "used.txt")}
	bounded := newBoundedStorage(func() certmagic.Storage { return s.current().storage })
	s.storage = bounded
	s.keys = seal.StoredKeyring(bounded, path.Join(under, "keys.json"), 0, func(message string, err error) {
		s.current().log.Error(message, zap.Error(err))
	})
	s.revoked = revocation.NewList(revocation.Config{
		Storage: bounded, Prefix: path.Join(under, "revoked"), WriteEvery: waits.Writes, AnswerWait: waits.Answers,
		Log:  func() *zap.Logger { return s.current().log },
		Keys: s.peopleKeys,
		Learned: func(r revocation.Record) {
			if learned := s.current().learned; learned != nil {
				learned(r.Field, r.Value)
			}
		},
	})
	return s
}

// Keys returns the keys of the storage, which open for as long as a session may last.
func (s *Shared) Keys(lifetime time.Duration) *seal.Keyring {
	s.keys.Keep(lifetime)
	return s.keys
}

// Inherit takes over what was revoked as far as another one knows: a client moved to
// another storage, and whoever logged out before stays out. No keeper uses it yet.
func (s *Shared) Inherit(other *Shared) {
	s.revoked.Inherit(other.revoked)
	s.before, s.marks = other, other.marks
}

// succeed takes over what the other one came to know since, and will know: its last
// requests are answered when this one runs.
func (s *Shared) succeed() {
	if s.before == nil {
		return
	}
	s.before.revoked.HandOn(s.revoked, s.runs)
	s.revoked.Inherit(s.before.revoked)
	s.before = nil
}

// runs says whether a configuration uses it.
func (s *Shared) runs() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.users) > 1
}

func (s *Shared) current() *user {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.users[len(s.users)-1]
}

// found completes the user that made it with the keys that follow from its options: a
// server may serve before anything was started.
func (s *Shared) found(u user) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users[0].keys.Box == nil {
		s.users[0] = &u
	}
	if !s.ran {
		s.founders = append(s.founders, u.keys.Box)
	}
}

// peopleKeys are the keys of whoever came last, and for opening those of all.
func (s *Shared) peopleKeys() revocation.Keys {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := s.users[len(s.users)-1].keys
	keys.Others = slices.Clone(s.founders)
	var reloads []func(context.Context)
	for _, u := range s.users {
		keys.Others = append(keys.Others, u.keys.Box)
		reloads = append(reloads, u.keys.Reload)
	}
	keys.Reload = func(ctx context.Context) {
		for _, reload := range reloads {
			reload(ctx)
		}
	}
	return keys
}

// use has the shared things work with what a configuration lends, until release is called.
// The storage of a configuration that takes another's place is looked at anew.
func (s *Shared) use(u user) (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ran {
		s.revoked.Recheck()
		s.keys.Recheck()
		s.traced.Store(false)
		s.traceAgain.Store(0)
	}
	s.ran = true
	s.succeed()
	added := &u
	s.users = append(s.users, added)
	return func() { s.drop(added) }
}

func (s *Shared) drop(added *user) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users = slices.DeleteFunc(s.users, func(u *user) bool { return u == added })
}

// Start begins to lend the configuration's storage to what the process knows. It never
// runs for a configuration that is only validated.
func (k *Keeper) Start() { k.release = k.shared.use(k.user) }

// End writes what the storage would not take so far, and takes back what was lent.
func (k *Keeper) End(ctx context.Context) {
	k.shared.revoked.End(ctx)
	if k.release != nil {
		k.release()
	}
}

// EndWait is how long End is worth waiting for.
const EndWait = revocation.AnswerWait
