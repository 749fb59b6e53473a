package revocation

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

// person is somebody of whom ProConnect was asked some claims.
func person(values map[string]any, asked ...string) *claims.Set {
	var refs []claims.Ref
	for _, name := range asked {
		ref, ok := claims.Lookup(name)
		if !ok {
			panic(name)
		}
		refs = append(refs, ref)
	}
	claims.Sort(refs)
	return claims.New(refs, values)
}

var jean = map[string]any{
	"sub": "7c9e6679", "email": "Jean.Dupont@finances.gouv.fr", "siret": "13002526500013", "idp_id": "71144ab3",
}

func TestPeopleWhomARecordNames(t *testing.T) {
	all := []string{"sub", "email", "siret", "siren", "idp_id"}
	for name, c := range map[string]struct {
		field, value string
		person       *claims.Set
		ended        bool
	}{
		"everybody":                       {"", "", person(jean, all...), true},
		"sub":                             {"sub", "7c9e6679", person(jean, all...), true},
		"another's sub":                   {"sub", "7c9e6678", person(jean, all...), false},
		"email, whatever its case":        {"email", "jean.dupont@FINANCES.gouv.fr", person(jean, all...), true},
		"another's email":                 {"email", "jeanne.dupont@finances.gouv.fr", person(jean, all...), false},
		"siret, with spaces":              {"siret", "130 025 265 00013", person(jean, all...), true},
		"another siret":                   {"siret", "21920023500014", person(jean, all...), false},
		"siren":                           {"siren", "130025265", person(jean, all...), true},
		"siren of who was asked siret":    {"siren", "130025265", person(jean, "sub", "siret"), true},
		"another siren, asked siret only": {"siren", "219200235", person(jean, "sub", "siret"), false},
		"identity provider":               {"idp_id", "71144AB3", person(jean, all...), true},
		"who was never asked":             {"email", "nobody@example.fr", person(jean, "sub"), true},
		"who was never asked siret":       {"siren", "219200235", person(jean, "sub"), true},
		"who was asked and has none":      {"email", "nobody@example.fr", person(map[string]any{"sub": "x"}, all...), false},
		"whose value cannot be read":      {"email", "nobody@example.fr", person(map[string]any{"email": "a@b@c"}, all...), true},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				storage := newMemory()
				l, other := node(storage, &right), node(storage, &right)
				if l.PeopleBefore(c.person) != 0 {
					t.Fatal("ended by nothing")
				}
				if _, err := l.EndPeople(t.Context(), c.field, c.value); err != nil {
					t.Fatal(err)
				}
				other.Poll(t.Context())
				want := int64(0)
				if c.ended {
					want = time.Now().Add(PeopleAhead).Unix()
				}
				for who, l := range map[string]*List{"here": l, "on another node": other} {
					if got := l.PeopleBefore(c.person); got != want {
						t.Errorf("%s: families before %d are ended, want %d", who, got, want)
					}
				}
			})
		})
	}
}

func TestPeopleWhomNobodyCanName(t *testing.T) {
	l := node(newMemory(), &right)
	for _, c := range [][2]string{{"roles", "agent"}, {"siret", "130025265"}, {"siren", "13002526500013"}, {"siret", "13002526500014"}, {"email", "x"}, {"sub", ""}, {"email", ""}} {
		if _, err := l.EndPeople(t.Context(), c[0], c[1]); err == nil {
			t.Errorf("%s %q is taken", c[0], c[1])
		}
	}
	if l.people.index.Load() != nil {
		t.Error("a faulty record ends somebody")
	}
}

// The storage tells nobody whom a record names, nor by a digest.
func TestRecordsOfPeopleAreSealed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		l := node(storage, &right)
		_, _ = l.EndPeople(t.Context(), "siret", "13002526500013")
		_, _ = l.EndPeople(t.Context(), "siret", "13002526500013")
		for name, data := range storage.objects {
			if strings.Contains(name+string(data), "13002526500013") || strings.Contains(string(data), "siret") {
				t.Errorf("%s tells %q", name, data)
			}
		}
	})
}

// An error says that a record holds here only; it is written when the storage takes it.
func TestRecordThatTheStorageDoesNotTake(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		l, other := node(storage, &right), node(storage, &right)
		synctest.Wait() // for what is written beside
		storage.befall = func(string, string) error { return errBroken }
		if _, err := l.EndPeople(t.Context(), "sub", "7c9e6679"); !errors.Is(err, errBroken) {
			t.Errorf("the error is %v", err)
		}
		if l.PeopleBefore(person(jean, "sub")) == 0 {
			t.Error("it does not hold here")
		}
		synctest.Wait() // for what is written beside
		storage.befall = nil
		l.Poll(t.Context())
		other.Poll(t.Context())
		if other.PeopleBefore(person(jean, "sub")) == 0 {
			t.Error("it does not hold there")
		}
	})
}

// Who logs in again behind a record begins one second after it, and can be ended at once,
// also by a node whose clock is behind that of the record's.
func TestRecordEndsWhoCameBackAMomentAgo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		fast := 3 * time.Minute
		ahead, l := node(storage, &fast), node(storage, &right)
		first, err := ahead.EndPeople(t.Context(), "sub", "7c9e6679")
		if err != nil {
			t.Fatal(err)
		}
		l.Poll(t.Context())
		if second, err := l.EndPeople(t.Context(), "sub", "7c9e6679"); err != nil || second.Before <= first.Before+1 {
			t.Errorf("families before %d are ended, want those that began at %d: %v", second.Before, first.Before+1, err)
		}
		// A list of people, one after the other, does not run ahead of all clocks.
		usual := time.Now().Add(PeopleAhead).Unix()
		list := node(newMemory(), &right)
		for i := range 600 {
			r, err := list.EndPeople(t.Context(), "email", strconv.Itoa(i)+"@example.fr")
			if err != nil || r.Before != usual {
				t.Fatalf("record %d ends what began before %d, want %d: %v", i, r.Before, usual, err)
			}
		}
	})
}

// A record is kept for the longest lifetime, and costs nothing after it.
func TestRecordOfPeopleGoes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		l := node(storage, &right)
		_, _ = l.EndPeople(t.Context(), "", "")
		time.Sleep(MaxLifetime)
		l.Poll(t.Context())
		if l.PeopleBefore(person(jean, "sub")) == 0 {
			t.Error("it is forgotten while a session may live")
		}
		restarted := node(storage, &right)
		restarted.Poll(t.Context())
		if restarted.PeopleBefore(person(jean, "sub")) == 0 {
			t.Error("a restart forgets it")
		}
		time.Sleep(2*Skew + PeopleAhead + time.Minute)
		l.Poll(t.Context())
		if l.people.index.Load() != nil {
			t.Error("it is still looked at")
		}
		time.Sleep(25 * time.Hour)
		l.Poll(t.Context())
		if len(storage.names()) != 0 {
			t.Errorf("the storage holds %v", storage.names())
		}
	})
}

// A record whose key is gone keeps a node that starts from letting anybody in, for a
// minute in which the key may turn up; then it ends everybody's sessions of before it.
func TestRecordThatDoesNotOpen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage := newMemory()
		_, _ = node(storage, &right).EndPeople(t.Context(), "sub", "somebody else")
		before := time.Now().Add(PeopleAhead).Unix()
		secret := make([]byte, 32)
		rand.Read(secret)
		l := nodeWithKeys(storage, &right, seal.NewKeyring(secret))
		l.Poll(t.Context())
		expect(t, l, family(1), Unknown, "before the minute is over")
		pass(t, sealedWait+2*PollEvery, l)
		expect(t, l, family(1), Alive, "after it")
		if got := l.PeopleBefore(person(jean, "sub")); got != before {
			t.Errorf("families before %d are ended, want all before %d", got, before)
		}
	})
}

// A record of everybody, under the key that replaces the old one, makes those under the
// old one needless: nobody waits for them.
func TestRotationMakesOlderRecordsNeedless(t *testing.T) {
	bubble(t, func(t *testing.T) {
		storage, stored := newMemory(), &locking{newMemory()}
		keys := seal.StoredKeyring(stored, "keys", time.Hour, func(string, error) {})
		l := nodeWithKeys(storage, &right, keys)
		_, _ = l.EndPeople(t.Context(), "sub", "somebody else")
		old := nodeWithKeys(storage, &right, seal.StoredKeyring(stored, "keys", time.Hour, func(string, error) {}))
		old.Poll(t.Context())
		everybody, err := l.EndPeople(t.Context(), "", "")
		for _, step := range []error{err, keys.Rotate(t.Context()), l.Repeat(t.Context(), everybody)} {
			if step != nil {
				t.Fatal(step)
			}
		}
		for who, l := range map[string]*List{"a node with the old key": old, "a node that starts": nodeWithKeys(storage, &right, keys)} {
			l.Poll(t.Context())
			l.Poll(t.Context())
			expect(t, l, family(1), Alive, who)
			if l.PeopleBefore(person(jean, "sub")) == 0 {
				t.Errorf("%s lets in who was there before", who)
			}
		}
	})
}

// locking is a storage whose locks nobody else holds.
type locking struct{ *memory }

func (locking) Lock(context.Context, string) error   { return nil }
func (locking) Unlock(context.Context, string) error { return nil }

// While there is no record, a request pays for one look.
func BenchmarkNobodyWasEnded(b *testing.B) {
	l, p := node(newMemory(), &right), person(jean, "sub", "email")
	b.ReportAllocs()
	for b.Loop() {
		if l.PeopleBefore(p) != 0 {
			b.Fatal("ended")
		}
	}
}
