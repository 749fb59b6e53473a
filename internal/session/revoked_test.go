package session

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

// unreliable is a storage of files that fails when told to.
type unreliable struct {
	*certmagic.FileStorage
	fails error
}

func (u *unreliable) List(ctx context.Context, prefix string, recursive bool) ([]string, error) {
	if u.fails != nil {
		return nil, u.fails
	}
	return u.FileStorage.List(ctx, prefix, recursive)
}

func (u *unreliable) Load(ctx context.Context, key string) ([]byte, error) {
	if u.fails != nil {
		return nil, u.fails
	}
	return u.FileStorage.Load(ctx, key)
}

func (u *unreliable) Store(ctx context.Context, key string, value []byte) error {
	if u.fails != nil {
		return u.fails
	}
	return u.FileStorage.Store(ctx, key, value)
}

// bubble runs a test with a clock of its own, and lets what runs beside it end.
func bubble(t *testing.T, test func(*testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(t)
		time.Sleep(time.Minute)
	})
}

var docs = origin.Of("docs.example.gouv.fr", true)

// process returns the keeper of a process that has just begun.
func process(storage certmagic.Storage, set func(*Config)) *Keeper {
	cfg := Config{
		Name: "proconnect", Lifetime: time.Hour, Keys: seal.NewKeyring(make([]byte, 32)),
		Shared: NewShared(storage, "c", zap.NewNop()), Storage: storage, Log: zap.NewNop(),
	}
	if set != nil {
		set(&cfg)
	}
	return New(cfg)
}

func somebody(values map[string]any) *claims.Set {
	var asked []claims.Ref
	for _, i := range []int{claims.Sub, claims.Email, claims.SIRET, claims.SIREN, claims.IDPID} {
		asked = append(asked, claims.RefOf(i))
	}
	return claims.New(asked, values)
}

// cookieOf is what a browser sends that has a session.
func cookieOf(t *testing.T, k *Keeper, s *Session) []string {
	t.Helper()
	w := httptest.NewRecorder()
	if err := k.Save(t.Context(), w, docs, s); err != nil {
		t.Fatal(err)
	}
	c := w.Result().Cookies()[0]
	return []string{(&http.Cookie{Name: c.Name, Value: c.Value}).String()}
}

func opened(t *testing.T, k *Keeper, cookies []string) (bool, error) {
	t.Helper()
	var s Session
	err := k.Open(t.Context(), docs, cookies, &s)
	return !s.IsZero(), err
}

// Before the storage was read nobody can tell whether a session is good: that is told
// from there being none, unless the operator accepts it.
func TestSessionsBeforeTheStorageIsRead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := &unreliable{FileStorage: &certmagic.FileStorage{Path: t.TempDir()}}
		before := process(storage, nil)
		in, out := before.New(somebody(nil), nil, nil, time.Now()), before.New(somebody(nil), nil, nil, time.Now())
		live, dead := cookieOf(t, before, in), cookieOf(t, before, out)
		before.Revoke(out)

		storage.fails = syscall.ECONNREFUSED
		restarted := process(storage, nil)
		accepting := process(storage, func(cfg *Config) { cfg.AcceptUnread = true })
		for _, cookies := range [][]string{live, dead} {
			if is, err := opened(t, restarted, cookies); is || !errors.Is(err, ErrUnread) {
				t.Errorf("a session: %v, %v", is, err)
			}
			if is, err := opened(t, accepting, cookies); !is || err != nil {
				t.Errorf("accepted: %v, %v", is, err)
			}
		}
		if is, err := opened(t, restarted, []string{"__Host-proconnect=x"}); is || err != nil {
			t.Errorf("no session of ours: %v, %v", is, err)
		}
		if restarted.Ready() || !restarted.Revoked(in.Family) {
			t.Error("a login could end in a family that was logged out")
		}
		storage.fails = nil
		for _, k := range []*Keeper{restarted, accepting} {
			k.Poll(t.Context())
			if is, err := opened(t, k, live); !is || err != nil {
				t.Errorf("read, who is logged in: %v, %v", is, err)
			}
			if is, err := opened(t, k, dead); is || err != nil {
				t.Errorf("read, who logged out: %v, %v", is, err)
			}
		}
	})
}

// Keys that the storage does not give are not a cookie that is not ours.
func TestSessionsBeforeTheKeysAreRead(t *testing.T) {
	storage := &unreliable{FileStorage: &certmagic.FileStorage{Path: t.TempDir()}}
	stored := func(cfg *Config) { cfg.Keys = cfg.Shared.Keys(time.Hour) }
	before := process(storage, stored)
	cookies := cookieOf(t, before, before.New(somebody(nil), nil, nil, time.Now()))
	for fails, want := range map[error]error{syscall.ECONNREFUSED: ErrUnread, error(fs.ErrNotExist): nil} {
		storage.fails = fails
		if is, err := opened(t, process(storage, stored), cookies); is || !errors.Is(err, want) {
			t.Errorf("%v: %v, %v, want %v", fails, is, err, want)
		}
	}
}

// Whom a record names is out on every node; a login that completes after it is in, on
// nodes whose clocks are up to four minutes behind or ahead of the record's.
func TestPeopleAreEndedAndComeBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := &certmagic.FileStorage{Path: t.TempDir()}
		here, there := process(storage, nil), process(storage, nil)
		jean, eve := somebody(map[string]any{"sub": "1", "siret": "13002526500013"}), somebody(map[string]any{"sub": "2", "siret": "21920023500014"})
		s := here.New(jean, nil, nil, time.Now())
		his, hers := cookieOf(t, here, s), cookieOf(t, here, here.New(eve, nil, nil, time.Now()))
		if err := here.EndPeople(t.Context(), "siret", "130 025 265 00013"); err != nil {
			t.Fatal(err)
		}
		there.Poll(t.Context())
		again := cookieOf(t, there, there.New(jean, nil, s, time.Now()))
		for who, k := range map[string]*Keeper{"here": here, "there": there} {
			for name, c := range map[string]struct {
				cookies []string
				in      bool
			}{"ended": {his, false}, "another": {hers, true}, "back again": {again, true}} {
				if is, err := opened(t, k, c.cookies); is != c.in || err != nil {
					t.Errorf("%s, %s: %v, %v", who, name, is, err)
				}
			}
		}
		if err := here.EndPeople(t.Context(), "", "x"); err == nil {
			t.Error("a forgotten field ends everybody")
		}
	})
}

// A family that follows a record lies ahead of clocks that are behind: nobody is locked
// out by that.
func TestFamilyBehindARecordIsAlive(t *testing.T) {
	k := process(&certmagic.FileStorage{Path: t.TempDir()}, nil)
	if err := k.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := k.New(somebody(nil), nil, nil, time.Now())
	if behind := time.Now().Add(-4 * time.Minute); !s.alive(behind, time.Hour) {
		t.Error("dead on a node whose clock is four minutes behind")
	}
	if k.Ended(s) {
		t.Error("ended by the record that it follows")
	}
}

// Whoever comes back after an operator ended their sessions begins behind the record, which
// lies ahead: their session ends, is idle and is to be renewed when it would without one.
func TestFamilyBehindARecordEndsInTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		k := process(&certmagic.FileStorage{Path: t.TempDir()}, func(cfg *Config) { cfg.Idle, cfg.Renew = time.Minute, time.Minute })
		if err := k.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		s := k.New(somebody(nil), nil, nil, now)
		cookies := cookieOf(t, k, s)
		if want := now.Add(k.lifetime).Unix(); k.ExpiresAt(s).Unix() != want || s.EndsAt().Unix() != want {
			t.Errorf("it ends %s after the login, want %s", k.ExpiresAt(s).Sub(now), k.lifetime)
		}
		if is, err := opened(t, k, cookies); !is || err != nil {
			t.Errorf("who came back is not logged in: %v", err)
		}
		time.Sleep(time.Minute + time.Second)
		if due := s.renewalAt(time.Now(), k.renew); due == NotDue {
			t.Error("it need not be renewed")
		}
		if is, err := opened(t, k, cookies); is || err != nil {
			t.Errorf("it is alive after the idle time: %v", err)
		}
	})
	k := process(&certmagic.FileStorage{Path: t.TempDir()}, func(cfg *Config) { cfg.Lifetime = time.Minute })
	if err := k.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if is, err := opened(t, k, cookieOf(t, k, k.New(somebody(nil), nil, nil, time.Now()))); !is || err != nil {
		t.Errorf("who came back is not logged in, where the record lies further ahead than a session lasts: %v", err)
	}
}

// An operator's list that names each person twice makes hundreds of records in a row, of
// which each goes behind the one before. Whoever logs in behind the last is in, also where
// a clock is slow; and whoever came back two seconds before it is out.
func TestHundredsOfRecordsInARowLockNobodyOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		k := process(&certmagic.FileStorage{Path: t.TempDir()}, nil)
		jean := somebody(map[string]any{"sub": "1", "siret": "13002526500013"})
		for range 300 {
			for _, of := range [][2]string{{"siret", "13002526500013"}, {"sub", "1"}} {
				if err := k.EndPeople(t.Context(), of[0], of[1]); err != nil {
					t.Fatal(err)
				}
			}
		}
		now := time.Now()
		s := k.New(jean, nil, nil, now)
		if k.Ended(s) || !s.alive(now, time.Hour) || !s.alive(now.Add(-30*time.Second), time.Hour) {
			t.Errorf("the session begins %v ahead: ended %v", time.Unix(s.startedAt, 0).Sub(now), k.Ended(s))
		}
		time.Sleep(2 * time.Second)
		if err := k.EndPeople(t.Context(), "sub", "1"); err != nil || !k.Ended(s) {
			t.Errorf("who came back two seconds ago is in: %v", err)
		}
	})
}

// After a rotation nothing opens that was sealed before, on any node, and logins go on.
func TestRotate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := &certmagic.FileStorage{Path: t.TempDir()}
		stored := func(cfg *Config) { cfg.Keys = cfg.Shared.Keys(time.Hour) }
		here, there := process(storage, stored), process(storage, stored)
		old := cookieOf(t, here, here.New(somebody(nil), nil, nil, time.Now()))
		if is, _ := opened(t, there, old); !is {
			t.Fatal("the nodes do not share their sessions")
		}
		if err := here.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		// Whoever has the old key can date a session as they like.
		forged := there.New(somebody(nil), nil, nil, time.Now())
		forged.startedAt += 400
		ahead := cookieOf(t, there, forged)
		there.Poll(t.Context())
		fresh := cookieOf(t, here, here.New(somebody(nil), nil, nil, time.Now()))
		for who, k := range map[string]*Keeper{"here": here, "there": there, "restarted": process(storage, stored)} {
			k.Poll(t.Context())
			for name, cookies := range map[string][]string{"of before": old, "forged": ahead} {
				if is, err := opened(t, k, cookies); is || err != nil {
					t.Errorf("%s: a session %s: %v, %v", who, name, is, err)
				}
			}
			if is, err := opened(t, k, fresh); !is || err != nil {
				t.Errorf("%s: a session of after it: %v, %v", who, is, err)
			}
		}
	})
}

// What a process knows goes with it from one configuration to the next: the storage of
// the old one is closed by then, and the new one's is used, unless it never ran.
func TestSharedGoesOnWithTheNextConfiguration(t *testing.T) {
	bubble(t, func(t *testing.T) {
		files := &certmagic.FileStorage{Path: t.TempDir()}
		first, second := &unreliable{FileStorage: files}, &unreliable{FileStorage: files}
		old := process(first, nil)
		old.Start()
		s := old.New(somebody(nil), nil, nil, time.Now())
		cookies := cookieOf(t, old, s)
		old.Revoke(s)

		same := func(storage certmagic.Storage) *Keeper {
			return process(storage, func(cfg *Config) { cfg.Shared, cfg.Storage = old.shared, storage })
		}
		failed := same(&unreliable{FileStorage: files, fails: syscall.EBADF})
		if is, err := opened(t, failed, cookies); is || err != nil {
			t.Errorf("who logged out: %v, %v", is, err)
		}
		next := same(second)
		next.Start()
		old.End(t.Context())
		first.fails = syscall.EBADF // closed
		later := next.New(somebody(nil), nil, nil, time.Now())
		next.Revoke(later)
		if restarted := process(second, nil); !restarted.Revoked(later.Family) || !restarted.Revoked(s.Family) {
			t.Error("a logout of after the reload is not in the storage")
		}
	})
}

// A client that moves to another storage takes along who logged out.
func TestAnotherStorageInheritsLogouts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		old := process(&certmagic.FileStorage{Path: t.TempDir()}, nil)
		s := old.New(somebody(map[string]any{"sub": "1"}), nil, nil, time.Now())
		old.Revoke(s)
		_ = old.EndPeople(t.Context(), "sub", "1")
		moved := &certmagic.FileStorage{Path: t.TempDir()}
		k := process(moved, func(cfg *Config) { cfg.Shared.Inherit(old.shared) })
		if !k.Revoked(s.Family) || !k.Ended(s) {
			t.Error("forgotten by the move")
		}
		k.Poll(t.Context())
		k.End(t.Context())
		restarted := process(moved, nil)
		if !restarted.Revoked(s.Family) || !restarted.Ended(s) {
			t.Error("not in the new storage")
		}
	})
}

// Nobody finds a person's number in the storage.
func TestStorageNamesNobody(t *testing.T) {
	storage := &certmagic.FileStorage{Path: t.TempDir()}
	k := process(storage, nil)
	_ = k.EndPeople(t.Context(), "siret", "13002526500013")
	names, _ := storage.List(t.Context(), "c/revoked", true)
	if len(names) != 1 {
		t.Fatalf("the storage holds %v", names)
	}
	data, _ := storage.Load(t.Context(), names[0])
	if strings.Contains(string(data)+names[0], "13002526500013") {
		t.Errorf("%s tells %s", names[0], data)
	}
}
