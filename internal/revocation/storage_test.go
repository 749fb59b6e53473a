package revocation

import (
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

// memory is a storage of several nodes that behaves as badly as a test wants.
type memory struct {
	certmagic.Storage
	mu      sync.Mutex
	objects map[string][]byte
	read    int // bytes

	// What may go wrong, by the call and the object; nil: nothing.
	befall func(call, base string) error
	delay  time.Duration // of every answer
	stale  []string      // names that are listed, whatever is there

	unlisted func(key string) bool // what is there, and is not listed; nil: nothing
}

func newMemory() *memory { return &memory{objects: make(map[string][]byte)} }

func (m *memory) call(ctx context.Context, call, key string) error {
	if m.delay > 0 {
		select {
		case <-time.After(m.delay):
		case <-ctx.Done():
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.befall != nil {
		return m.befall(call, path.Base(key))
	}
	return nil
}

func (m *memory) Store(ctx context.Context, key string, value []byte) error {
	if err := m.call(ctx, "store", key); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.objects[key] = value
	return nil
}

func (m *memory) Load(ctx context.Context, key string) ([]byte, error) {
	if err := m.call(ctx, "load", key); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.objects[key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	m.read += len(value)
	return value, nil
}

func (m *memory) Delete(ctx context.Context, key string) error {
	if err := m.call(ctx, "delete", key); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.objects[key]; !ok {
		return fs.ErrNotExist
	}
	delete(m.objects, key)
	return nil
}

func (m *memory) List(ctx context.Context, prefix string, _ bool) ([]string, error) {
	if err := m.call(ctx, "list", prefix); err != nil {
		return nil, err
	}
	names := append(m.names(), m.stale...)
	if m.unlisted != nil {
		names = slices.DeleteFunc(names, m.unlisted)
	}
	return names, nil
}

func (m *memory) Exists(context.Context, string) bool { return true }

func (m *memory) names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Keys(m.objects))
}

// lose takes an object away.
func (m *memory) lose(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, key)
}

// node returns one of the nodes that share a storage, whose clock is as wrong as told.
func node(storage certmagic.Storage, wrong *time.Duration) *List {
	keys := seal.NewKeyring(make([]byte, 32))
	return nodeWithKeys(storage, wrong, keys)
}

func nodeWithKeys(storage certmagic.Storage, wrong *time.Duration, keys *seal.Keyring) *List {
	return NewList(Config{
		Storage: storage, Prefix: "r",
		Log:    zap.NewNop,
		Keys:   func() Keys { return Keys{Box: keys.Box("people"), Reload: keys.Reload} },
		Now:    func() time.Time { return time.Now().Add(*wrong) },
		Jitter: func(int64) int64 { return 0 },
	})
}

var right time.Duration // a clock

// family is the number of one, spread as random ones are.
func family(n int) (f Family) {
	binary.BigEndian.PutUint64(f[:], uint64(n)*0x9e3779b97f4a7c15)
	return f
}

func in(d time.Duration) time.Time { return time.Now().Add(d) }

// expect checks what a node says of a family that is alive for an hour more.
func expect(t *testing.T, l *List, f Family, want State, when string) {
	t.Helper()
	if got := l.Family(f, in(time.Hour)); got != want {
		t.Errorf("%s: got state %d, want %d", when, got, want)
	}
}

// pass lets nodes poll for a while.
func pass(t *testing.T, d time.Duration, nodes ...*List) {
	t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); {
		for _, l := range nodes {
			l.Poll(t.Context())
		}
		time.Sleep(PollEvery)
	}
}

// bubble runs a test with a clock of its own, and lets what runs beside it end.
func bubble(t *testing.T, test func(*testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(t)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
	})
}

var errBroken = errors.New("broken")

func level(n string) string { return strings.Split(path.Base(n), ".")[1] }
