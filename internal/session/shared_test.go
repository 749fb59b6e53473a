package session

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddyserver/certmagic"

	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

// Two clients of a configuration may be one at ProConnect, with a secret each: whichever
// comes first in a process, it opens what the other sealed.
func TestRecordsOfClientsThatShareAStorage(t *testing.T) {
	for name, c := range map[string]struct{ started, reloaded bool }{
		"they run":                         {started: true},
		"they were loaded with other keys": {started: true, reloaded: true},
		"a request comes before they run":  {},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				storage := &certmagic.FileStorage{Path: t.TempDir()}
				rings := []*seal.Keyring{seal.NewKeyring([]byte("one secret, which has 32 bytes...")), seal.NewKeyring([]byte("another secret of thirty-two byt"))}
				var shared *Shared
				clients := func(order ...int) (made [2]*Keeper) {
					for _, i := range order {
						made[i] = process(storage, func(cfg *Config) {
							if shared != nil {
								cfg.Shared = shared
							}
							shared, cfg.Keys = cfg.Shared, rings[i]
						})
						if c.started {
							made[i].Start()
						}
					}
					return made
				}
				here := clients(0, 1)
				shared = nil
				if c.reloaded {
					now := rings
					rings = []*seal.Keyring{seal.NewKeyring(make([]byte, 32)), seal.NewKeyring(make([]byte, 32))}
					clients(1, 0)
					rings = now
				}
				there := clients(1, 0)
				jean, eve := somebody(map[string]any{"sub": "1"}), somebody(map[string]any{"sub": "2"})
				his, hers := cookieOf(t, here[0], here[0].New(jean, nil, nil, time.Now())), cookieOf(t, here[0], here[0].New(eve, nil, nil, time.Now()))
				if err := here[0].EndPeople(t.Context(), "sub", "1"); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				for _, c := range []struct {
					who     string
					cookies []string
					in      bool
				}{{"ended", his, false}, {"another", hers, true}} {
					if is, err := opened(t, there[0], c.cookies); is != c.in || err != nil {
						t.Errorf("%s: %v, %v", c.who, is, err)
					}
				}
			})
		})
	}
}

// Between the moment when a configuration with another storage is read and the end of the
// last request of the one before, people log out. They are out; but nothing is handed to a
// configuration that failed after it began.
func TestLogoutsDuringAMove(t *testing.T) {
	bubble(t, func(t *testing.T) {
		old := process(&certmagic.FileStorage{Path: t.TempDir()}, nil)
		old.Start()
		moved := &certmagic.FileStorage{Path: t.TempDir()}
		next := process(moved, func(cfg *Config) { cfg.Shared.Inherit(old.shared) })
		var sessions [3]*Session
		for i := range sessions {
			sessions[i] = old.New(somebody(nil), nil, nil, time.Now())
		}
		next.Poll(t.Context())
		old.Revoke(sessions[0])
		next.Start()
		old.Revoke(sessions[1])
		for i, s := range sessions[:2] {
			if !next.Revoked(s.Family) {
				t.Errorf("logout %d is forgotten by the move", i)
			}
		}
		next.End(t.Context())
		old.Revoke(sessions[2])
		if next.Revoked(sessions[2].Family) {
			t.Error("a logout is handed to a configuration that does not run")
		}
	})
}

// Of a storage that shows nothing of itself nobody can tell whether the next configuration
// has the same: what is known is written anew where it is not there, keys and logouts.
func TestReloadThatBringsAnEmptyStorage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		first, second := &certmagic.FileStorage{Path: t.TempDir()}, &certmagic.FileStorage{Path: t.TempDir()}
		stored := func(cfg *Config) { cfg.Keys = cfg.Shared.Keys(time.Hour) }
		before := process(first, stored)
		before.Start()
		live, dead := before.New(somebody(nil), nil, nil, time.Now()), before.New(somebody(nil), nil, nil, time.Now())
		his, hers := cookieOf(t, before, live), cookieOf(t, before, dead)
		before.Revoke(dead)
		before.Poll(t.Context())
		time.Sleep(15 * time.Minute) // what was written lately is watched in any case
		before.Poll(t.Context())
		after := process(second, func(cfg *Config) {
			cfg.Shared = before.shared
			stored(cfg)
		})
		after.Start()
		before.End(t.Context())
		for range 30 {
			after.Poll(t.Context())
			time.Sleep(5 * time.Second)
		}
		cookieOf(t, after, live) // what seals is looked for once a minute at most
		fresh := process(second, stored)
		for who, c := range map[string]struct {
			cookies []string
			in      bool
		}{"who logged out": {hers, false}, "another": {his, true}} {
			if is, err := opened(t, fresh, c.cookies); is != c.in || err != nil {
				t.Errorf("%s: %v, %v", who, is, err)
			}
		}
	})
}
