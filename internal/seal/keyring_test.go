package seal

import (
	"context"
	"io/fs"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/certmagic"
)

// opens says whether a box opens a value of place "p".
func opens(t *testing.T, b *Box, value string) bool {
	t.Helper()
	_, err := b.Open(t.Context(), value, "p")
	return err == nil
}

// lockless is a storage that can be read, and in which nobody gets a lock:
// certmagic's locks are files, which a disk that is read-only does not take.
type lockless struct{ certmagic.Storage }

func (lockless) Lock(context.Context, string) error {
	return &fs.PathError{Op: "open", Path: "x.lock", Err: syscall.EROFS}
}

// A key that is overdue for rotation is worth more than none, and than one that
// only this node knows: a storage that fails on the day of the rotation must
// neither stop logins nor end the sessions there are.
func TestOverdueKeyGoesOnSealing(t *testing.T) {
	for name, c := range map[string]struct {
		load, store error
		lockless    bool
	}{
		"absent":                   {load: syscall.ECONNREFUSED, store: syscall.ECONNREFUSED},
		"unreadable":               {load: fs.ErrPermission, store: fs.ErrPermission},
		"read-only":                {store: syscall.EROFS},
		"read-only, for locks too": {store: syscall.EROFS, lockless: true},
		"full":                     {store: syscall.ENOSPC},
	} {
		t.Run(name, func(t *testing.T) {
			storage, now, warnings := newStorage(t), time.Now(), []string(nil)
			mustSeal(t, node(storage, &now, &warnings).Box("s"), "x", "p") // makes the key
			ring := node(storage, &now, &warnings)
			if c.lockless {
				ring = node(lockless{storage}, &now, &warnings)
			}
			box := ring.Box("s")
			before := mustSeal(t, box, "x", "p")
			storage.set(c.load, c.store)
			now = now.Add(31 * 24 * time.Hour)
			after := mustSeal(t, box, "x", "p")
			if after[:5] != before[:5] {
				t.Error("another key seals, which no other node knows")
			}
			if !opens(t, box, before) || !opens(t, box, after) {
				t.Error("what the key sealed does not open any more")
			}
			if len(warnings) != 0 {
				t.Errorf("warned of a key in memory: %q", warnings)
			}
		})
	}
}

// A node that started without a storage sealed sessions with a key of its own.
// When the storage is back, it holds a key that another node made meanwhile:
// nobody who logged in at the first node is to notice.
func TestKeyInMemoryMeetsTheKeyOfAnotherNode(t *testing.T) {
	for name, meet := range map[string]func(t *testing.T, alone *Box, theirs string){
		"by sealing": func(t *testing.T, alone *Box, _ string) { mustSeal(t, alone, "x", "p") },
		"by opening": func(t *testing.T, alone *Box, theirs string) {
			if !opens(t, alone, theirs) {
				t.Error("what the other node sealed does not open")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			storage, now, warnings := newStorage(t), time.Now(), []string(nil)
			alone := node(storage, &now, &warnings).Box("s")
			storage.set(nil, syscall.EROFS)
			own := mustSeal(t, alone, "x", "p")
			storage.set(nil, nil)
			theirs := mustSeal(t, node(storage, &now, &warnings).Box("s"), "x", "p")
			if own[:5] == theirs[:5] {
				t.Fatal("the nodes have one key: nothing is tested")
			}
			now = now.Add(2 * renewEvery)
			meet(t, alone, theirs)
			if !opens(t, alone, own) {
				t.Error("what the key in memory sealed does not open any more")
			}
			if next := mustSeal(t, alone, "x", "p"); next[:5] != theirs[:5] {
				t.Error("the node does not seal with the key that all nodes know")
			}
			if !opens(t, alone, own) || !opens(t, alone, theirs) {
				t.Error("a key is lost at the seal after")
			}
		})
	}
}

// A look into the storage that lies in the future, because the clock was set
// back since, is no reason not to look: the node would refuse the sessions of
// the others until its clock has caught up.
func TestClockSetBackDoesNotStopReloads(t *testing.T) {
	storage, now, warnings := newStorage(t), time.Now(), []string(nil)
	box := node(storage, &now, &warnings).Box("s")
	if opens(t, box, mustSeal(t, NewKeyring(testKey(8)).Box("s"), "x", "p")) {
		t.Fatal("opened what a key of nobody sealed")
	}
	theirs := now
	now = now.Add(-time.Hour)
	value := mustSeal(t, node(storage, &theirs, &warnings).Box("s"), "x", "p")
	if !opens(t, box, value) {
		t.Error("what another node sealed does not open")
	}
}

// With sessions as long as the time between rotations, one begun just before a
// rotation lives until after the next: its key is dropped by the day on which it
// was superseded, not by the day on which it was made.
func TestKeysOpenAsLongAsTheirSessions(t *testing.T) {
	storage, now, keep := newStorage(t), time.Now(), 30*24*time.Hour
	fresh := func() *Box { // a node that knows only what is in the storage
		k := StoredKeyring(storage, "proconnect/keys", keep, func(_ string, err error) { t.Error(err) })
		k.now = func() time.Time { return now }
		return k.Box("s")
	}
	mustSeal(t, fresh(), "x", "p")
	now = now.Add(rotateAfter - time.Minute)
	value := mustSeal(t, fresh(), "x", "p")
	seals := map[string]bool{value[:5]: true}
	rotate := func(after time.Duration) {
		t.Helper()
		now = now.Add(after)
		next := mustSeal(t, fresh(), "x", "p")
		if seals[next[:5]] {
			t.Fatal("the key was not replaced")
		}
		seals[next[:5]] = true
	}
	rotate(time.Minute)
	rotate(rotateAfter + clockSlack) // by a clock that is ahead of others
	if !opens(t, fresh(), value) {
		t.Error("the session ends at the second rotation, before its time")
	}
	rotate(rotateAfter)
	if opens(t, fresh(), value) {
		t.Error("a key opens long after its sessions ended")
	}
}

// A node starts while the storage can be read and not written, and holds a key
// overdue for rotation. It seals with a key in memory; then it opens a session
// of the old key, and the storage is mended: what the key in memory sealed is
// to open on, and the next seal is to rotate.
func TestKeyInMemoryMeetsAnOverdueKey(t *testing.T) {
	storage, now, warnings := newStorage(t), time.Now(), []string(nil)
	old := mustSeal(t, node(storage, &now, &warnings).Box("s"), "x", "p")
	now = now.Add(31 * 24 * time.Hour)
	storage.set(nil, syscall.EROFS)
	box := node(storage, &now, &warnings).Box("s")
	own := mustSeal(t, box, "x", "p")
	if !opens(t, box, old) {
		t.Error("what the overdue key sealed does not open")
	}
	if between := mustSeal(t, box, "x", "p"); between[:5] != own[:5] {
		t.Error("the overdue key seals, though there is another")
	}
	storage.set(nil, nil)
	now = now.Add(2 * renewEvery)
	next := mustSeal(t, box, "x", "p")
	if next[:5] == old[:5] {
		t.Error("the overdue key goes on sealing")
	}
	if !opens(t, box, own) {
		t.Error("1: what the key in memory sealed does not open any more")
	}
	mustSeal(t, box, "x", "p")
	if !opens(t, box, own) {
		t.Error("2: what the key in memory sealed does not open any more")
	}
}

// A clock that was wrong when the key was made, a year ahead say, must not have it
// seal for a year and a month: whoever learned it would forge sessions as long. What
// it sealed opens on. Nodes whose clocks differ by minutes do not replace each other's.
func TestKeyFromTheFutureIsReplaced(t *testing.T) {
	for name, c := range map[string]struct {
		ahead    time.Duration
		replaced bool
	}{
		"half an hour ahead": {30 * time.Minute, false},
		"two hours ahead":    {2 * time.Hour, true},
		"a year ahead":       {365 * 24 * time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			storage, now, warnings := newStorage(t), time.Now(), []string(nil)
			wrong := now.Add(c.ahead)
			old := mustSeal(t, node(storage, &wrong, &warnings).Box("s"), "x", "p")
			box := node(storage, &now, &warnings).Box("s")
			next := mustSeal(t, box, "x", "p")
			if replaced := next[:5] != old[:5]; replaced != c.replaced {
				t.Errorf("the key is replaced: %v, want %v", replaced, c.replaced)
			}
			if !opens(t, box, old) {
				t.Error("what it sealed does not open any more")
			}
			if again := mustSeal(t, node(storage, &now, &warnings).Box("s"), "x", "p"); again[:5] != next[:5] {
				t.Error("it is replaced again at the next start")
			}
		})
	}
}

// A key that lives in memory, because the storage could not be written, is replaced like
// the others when keys are rotated: it is stored nowhere, and opens nothing.
func TestRotationReplacesTheKeyInMemory(t *testing.T) {
	storage, now, warnings := newStorage(t), time.Now(), []string(nil)
	storage.set(nil, fs.ErrPermission)
	k := node(storage, &now, &warnings)
	box := k.Box("s")
	before := mustSeal(t, box, "x", "p")
	storage.set(nil, nil)
	if err := k.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := mustSeal(t, box, "y", "p")
	for who, b := range map[string]*Box{"here": box, "on another node": node(storage, &now, &warnings).Box("s")} {
		if opens(t, b, before) || !opens(t, b, after) {
			t.Errorf("%s: what was sealed before opens: %v, after: %v", who, opens(t, b, before), opens(t, b, after))
		}
	}
}

// Asking the storage for the keys of other nodes forgets none that lives in memory.
func TestReadKeepsTheKeyInMemory(t *testing.T) {
	storage, now, warnings := newStorage(t), time.Now(), []string(nil)
	storage.set(nil, fs.ErrPermission)
	k := node(storage, &now, &warnings)
	box := k.Box("s")
	value := mustSeal(t, box, "x", "p")
	storage.set(nil, nil)
	theirs := mustSeal(t, node(storage, &now, &warnings).Box("s"), "y", "p")
	opens(t, box, theirs) // an unknown key is asked for once in a few seconds
	if err := k.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !opens(t, box, value) || !opens(t, box, theirs) {
		t.Errorf("ours opens: %v, theirs: %v", opens(t, box, value), opens(t, box, theirs))
	}
}
