package seal

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/certmagic"
)

func testKey(seed byte) []byte {
	key := make([]byte, keySize)
	for i := range key {
		key[i] = seed + byte(i*7)
	}
	return key
}

func mustSeal(t *testing.T, b *Box, plaintext, place string) string {
	t.Helper()
	v, err := b.Seal(t.Context(), []byte(plaintext), place)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestOpensOnlyWhereAndWhatForItWasSealed(t *testing.T) {
	ring := NewKeyring(testKey(1), testKey(2))
	box := ring.Box("session", "issuer", "client")
	value := mustSeal(t, box, "hello", "docs.example")
	flipped := []byte(value)
	flipped[len(flipped)/2] ^= 1
	for _, c := range []struct {
		name         string
		box          *Box
		value, place string
		ok           bool
	}{
		{"as sealed", box, value, "docs.example", true},
		{"another box of the same purpose", ring.Box("session", "issuer", "client"), value, "docs.example", true},
		{"the key moved back in the list", NewKeyring(testKey(9), testKey(1)).Box("session", "issuer", "client"), value, "docs.example", true},
		{"another place", box, value, "tools.example", false},
		{"another purpose", ring.Box("login", "issuer", "client"), value, "docs.example", false},
		{"parts joined otherwise", ring.Box("session", "issuerc", "lient"), value, "docs.example", false},
		{"another key", NewKeyring(testKey(3)).Box("session", "issuer", "client"), value, "docs.example", false},
		{"a bit flipped", box, string(flipped), "docs.example", false},
		{"cut", box, value[:len(value)-4], "docs.example", false},
		{"lengthened", box, value + "AAAA", "docs.example", false},
		{"padded", box, value + "==", "docs.example", false},
		{"white space inside", box, value[:9] + "\n" + value[9:], "docs.example", false},
		{"empty", box, "", "docs.example", false},
		{"not base64", box, strings.Repeat("!", 80), "docs.example", false},
		{"huge", box, strings.Repeat("A", 1<<20), "docs.example", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.box.Open(t.Context(), c.value, c.place)
			if c.ok && (err != nil || got != "hello") {
				t.Fatalf("got %q, %v", got, err)
			}
			if !c.ok && err == nil {
				t.Fatalf("opened: %q", got)
			}
		})
	}
}

// A value has one spelling: another that decodes to the same bytes would be another
// cookie of the same session to whatever compares them.
func TestOneSpelling(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	box := NewKeyring(testKey(1)).Box("x")
	for _, text := range []string{"a", "ab", "abc"} {
		value := mustSeal(t, box, text, "p")
		if len(value)%4 == 0 {
			continue // no bits are left over
		}
		last := strings.IndexByte(alphabet, value[len(value)-1])
		if got, err := box.Open(t.Context(), value[:len(value)-1]+alphabet[last|1:last|1+1], "p"); err == nil {
			t.Errorf("opened: %q", got)
		}
	}
}

func TestSealsDifferEachTime(t *testing.T) {
	box := NewKeyring(testKey(1)).Box("x")
	one, other := mustSeal(t, box, "same", "p"), mustSeal(t, box, "same", "p")
	if one == other {
		t.Fatal("two seals of one text are equal: the nonce is not random")
	}
}

// The case: "secret short, guessable or equal to client_secret".
func TestParseSecret(t *testing.T) {
	key := testKey(3)
	for name, c := range map[string]struct {
		in string
		ok bool
	}{
		"base64":        {base64.StdEncoding.EncodeToString(key), true},
		"base64 raw":    {base64.RawStdEncoding.EncodeToString(key), true},
		"base64url":     {base64.URLEncoding.EncodeToString(key), true},
		"hex":           {hex.EncodeToString(key), true},
		"16 bytes":      {hex.EncodeToString(key[:16]), false},
		"48 bytes":      {base64.StdEncoding.EncodeToString(append(key, key[:16]...)), false},
		"empty":         {"", false},
		"a password":    {"correct horse battery staple and so on", false},
		"zeros":         {hex.EncodeToString(make([]byte, 32)), false},
		"one repeated":  {base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("ab"), 16)), false},
		"trailing text": {hex.EncodeToString(key) + "!", false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseSecret(c.in)
			if (err == nil) != c.ok || c.ok && !bytes.Equal(got, key) {
				t.Fatalf("got %x, %v", got, err)
			}
		})
	}
}

// faultyStorage fails as told, and counts.
type faultyStorage struct {
	certmagic.Storage
	mu                sync.Mutex
	loadErr, storeErr error
	loads, stores     int
}

func (s *faultyStorage) set(load, store error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loadErr, s.storeErr = load, store
}

func (s *faultyStorage) Load(ctx context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loads++
	if s.loadErr != nil {
		return nil, s.loadErr
	}
	return s.Storage.Load(ctx, key)
}

func (s *faultyStorage) Store(ctx context.Context, key string, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stores++
	if s.storeErr != nil {
		return s.storeErr
	}
	return s.Storage.Store(ctx, key, value)
}

func newStorage(t *testing.T) *faultyStorage {
	return &faultyStorage{Storage: &certmagic.FileStorage{Path: t.TempDir()}}
}

// node is a keyring of one node with a clock of its own.
func node(storage certmagic.Storage, now *time.Time, warnings *[]string) *Keyring {
	k := StoredKeyring(storage, "proconnect/keys", 12*time.Hour, func(m string, _ error) { *warnings = append(*warnings, m) })
	k.now = func() time.Time { return *now }
	return k
}

func TestNodesShareTheKeyOfTheStorage(t *testing.T) {
	t.Parallel() // certmagic looks once a second whether a lock of files is free
	storage, now, warnings := newStorage(t), time.Now(), []string(nil)
	var values [4]string
	var wg sync.WaitGroup
	for i := range values {
		wg.Go(func() {
			values[i], _ = node(storage, &now, &warnings).Box("s").Seal(t.Context(), []byte("x"), "p")
		})
	}
	wg.Wait()
	restarted := node(storage, &now, &warnings).Box("s")
	for i, v := range values {
		if _, err := restarted.Open(t.Context(), v, "p"); err != nil {
			t.Errorf("what node %d sealed does not open after a restart", i)
		}
	}
	if storage.stores != 1 || len(warnings) != 0 {
		t.Errorf("%d keys were made, want 1; warnings %q", storage.stores, warnings)
	}
}

// busyStorage has a lock that nobody gets before their time is over, because
// another node holds it and makes the key meanwhile.
type busyStorage struct {
	certmagic.Storage
	holder func()
}

func (s busyStorage) Lock(context.Context, string) error {
	s.holder()
	return context.DeadlineExceeded
}

func TestKeyMadeWhileWaitingForTheLock(t *testing.T) {
	storage, now, warnings := newStorage(t), time.Now(), []string(nil)
	holder := node(storage, &now, &warnings).Box("s")
	late := node(busyStorage{storage, func() { mustSeal(t, holder, "x", "p") }}, &now, &warnings).Box("s")
	value, err := late.Seal(t.Context(), []byte("y"), "p")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := holder.Open(t.Context(), value, "p"); err != nil {
		t.Errorf("the nodes have different keys: %v", err)
	}
	nobody := node(busyStorage{newStorage(t), func() {}}, &now, &warnings).Box("s")
	if _, err := nobody.Seal(t.Context(), []byte("y"), "p"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("without a key in the storage: %v", err)
	}
}

func TestRotation(t *testing.T) {
	storage, now, warnings := newStorage(t), time.Now(), []string(nil)
	a, b := node(storage, &now, &warnings).Box("s"), node(storage, &now, &warnings).Box("s")
	first := mustSeal(t, a, "x", "p")
	now = now.Add(rotateAfter + time.Minute)
	second := mustSeal(t, b, "x", "p")
	for name, v := range map[string]string{"the old key's": first, "the new key's": second} {
		for node, box := range map[string]*Box{"a": a, "b": b} {
			if _, err := box.Open(t.Context(), v, "p"); err != nil {
				t.Errorf("%s value does not open on node %s", name, node)
			}
		}
	}
	if first[:5] == second[:5] {
		t.Error("the key was not replaced")
	}
	now = now.Add(rotateAfter + time.Minute)
	mustSeal(t, a, "x", "p") // the first key was superseded a month ago: dropped
	if _, err := node(storage, &now, &warnings).Box("s").Open(t.Context(), first, "p"); err == nil {
		t.Error("a key opens long after its sessions ended")
	}
}

func TestUnknownKeyIDsDoNotFloodTheStorage(t *testing.T) {
	storage, now, warnings := newStorage(t), time.Now(), []string(nil)
	box := node(storage, &now, &warnings).Box("s")
	mustSeal(t, box, "x", "p")
	foreign := mustSeal(t, NewKeyring(testKey(8)).Box("s"), "x", "p")
	before := storage.loads
	for range 100 {
		_, _ = box.Open(t.Context(), foreign, "p")
	}
	if got := storage.loads - before; got > 1 {
		t.Errorf("100 values of an unknown key cost %d looks into the storage, want at most 1", got)
	}
}

func TestStorageThatCannotBeWritten(t *testing.T) {
	storage, now, warnings := newStorage(t), time.Now(), []string(nil)
	storage.set(nil, fs.ErrPermission)
	box := node(storage, &now, &warnings).Box("s")
	value := mustSeal(t, box, "x", "p")
	mustSeal(t, box, "y", "p")
	if _, err := box.Open(t.Context(), value, "p"); err != nil {
		t.Fatal("the key in memory does not open what it sealed")
	}
	if len(warnings) != 1 {
		t.Fatalf("%d warnings, want one", len(warnings))
	}
	storage.set(nil, nil)
	now = now.Add(2 * renewEvery)
	mustSeal(t, box, "z", "p")
	if _, err := node(storage, &now, &warnings).Box("s").Open(t.Context(), value, "p"); err != nil {
		t.Error("the storage came back, and the key in memory was not stored")
	}
}

// A storage that does not answer may hold a key that other nodes use: making
// another one would split them, so nothing is sealed until it answers.
func TestStorageThatFailsForAMoment(t *testing.T) {
	storage, now, warnings := newStorage(t), time.Now(), []string(nil)
	storage.set(errors.New("connection refused"), nil)
	box := node(storage, &now, &warnings).Box("s")
	for range 50 {
		if _, err := box.Seal(t.Context(), []byte("x"), "p"); err == nil {
			t.Fatal("sealed with a key that no other node has")
		}
	}
	if storage.loads > 1 {
		t.Errorf("50 logins cost %d tries of a storage that is down, want 1", storage.loads)
	}
	storage.set(nil, nil)
	now = now.Add(2 * retryAfter)
	mustSeal(t, box, "x", "p")
}

func TestStoredKeysThatCannotBeReadAreNotReplaced(t *testing.T) {
	storage, now, warnings := newStorage(t), time.Now(), []string(nil)
	for _, broken := range []string{"", "null", "[]", "{", `[{"secret":"AAAA"}]`} {
		if err := storage.Storage.Store(t.Context(), "proconnect/keys", []byte(broken)); err != nil {
			t.Fatal(err)
		}
		if _, err := node(storage, &now, &warnings).Box("s").Seal(t.Context(), []byte("x"), "p"); err == nil {
			t.Errorf("stored %q: a key was made over it", broken)
		}
	}
}

func FuzzOpen(f *testing.F) {
	box := NewKeyring(testKey(1)).Box("s")
	good, err := box.Seal(f.Context(), []byte("x"), "p")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("")
	f.Fuzz(func(t *testing.T, value string) {
		// Each worker seals a good value of its own; all hold the same text.
		if plaintext, err := box.Open(t.Context(), value, "p"); err == nil && plaintext != "x" {
			t.Fatalf("opened %q as %q", value, plaintext)
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	box := NewKeyring(testKey(1)).Box("s")
	value, err := box.Seal(b.Context(), bytes.Repeat([]byte("x"), 400), "docs.example.gouv.fr")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := box.Open(b.Context(), value, "docs.example.gouv.fr"); err != nil {
			b.Fatal(err)
		}
	}
}
