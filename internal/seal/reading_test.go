package seal

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/caddyserver/certmagic"
)

// Whoever only asks whether a storage is the one that nodes use makes no key in it: it
// would seal what no node opens, and have an empty storage look like theirs.
func TestReadingMakesNoKey(t *testing.T) {
	storage := &certmagic.FileStorage{Path: t.TempDir()}
	k := StoredKeyring(storage, "keys.json", time.Hour, func(string, error) {})
	if err := k.Read(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of an empty storage: got %v, want that nothing is there", err)
	}
	if left, err := filepath.Glob(filepath.Join(storage.Path, "*")); err != nil || len(left) > 0 || !k.Created().IsZero() {
		t.Errorf("there is %v, and a key of %v (%v)", left, k.Created(), err)
	}
	node := StoredKeyring(storage, "keys.json", time.Hour, func(string, error) {})
	sealed, err := node.Box("x").Seal(t.Context(), []byte("value"), "p")
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Read(t.Context()); err != nil || !opens(t, k.Box("x"), sealed) {
		t.Errorf("the key of a node: %v", err)
	}
	if err := NewKeyring(make([]byte, keySize)).Read(t.Context()); err != nil {
		t.Errorf("keys that the operator gave: %v", err)
	}
}
