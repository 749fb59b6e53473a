package faults_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
	"github.com/caddy-proconnect/caddy-proconnect/internal/waits"
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/certmagic"
)

func init() {
	caddy.RegisterModule(faultyStorage{})
}

// faultyStorage is Caddy's storage of files, as disks and networks make it at
// times: `storage faulty <root>`.
type faultyStorage struct {
	Root string `json:"root,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (faultyStorage) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "caddy.storage.faulty", New: func() caddy.Module { return new(faultyStorage) }}
}

// UnmarshalCaddyfile reads the root.
func (s *faultyStorage) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	if !d.Next() || !d.AllArgs(&s.Root) {
		return d.ArgErr()
	}
	return nil
}

// CertMagicStorage returns the storage.
func (s faultyStorage) CertMagicStorage() (certmagic.Storage, error) {
	return faultyFiles{&certmagic.FileStorage{Path: s.Root}}, nil
}

// shortenStorage has nobody wait as long for a storage as they would for a real one.
func shortenStorage(t *testing.T) {
	caddytest.Shorten(t, &seal.StorageWait, 2*time.Second)
	caddytest.Shorten(t, &waits.Answers, time.Second)
	caddytest.Shorten(t, &waits.Looks, 500*time.Millisecond)
}

// storageFault is what befalls the storage of one client.
type storageFault struct {
	read, write error
	delay       time.Duration
	deaf        chan struct{} // nothing is answered until it is closed, whatever the context says
}

// storageFaults are the faults by the client_id of a client in the sandbox: each
// client has a directory of its own.
var storageFaults sync.Map

func breakStorage(clientID string, f storageFault) { storageFaults.Store(clientDirectory(clientID), f) }
func mendStorage(clientID string)                  { storageFaults.Delete(clientDirectory(clientID)) }

func clientDirectory(clientID string) string {
	sum := sha256.Sum256([]byte("https://sandbox.invalid\x00" + clientID))
	return "proconnect/" + hex.EncodeToString(sum[:8])
}

// faultyFiles fails as told, and for our clients alone: Caddy keeps things of its
// own in the same storage.
type faultyFiles struct{ *certmagic.FileStorage }

// MarshalJSON shows nothing of how the storage is set up, as those that hold nothing but
// a connection: whether two are one, nobody can tell from them.
func (faultyFiles) MarshalJSON() ([]byte, error) { return []byte("{}"), nil }

// befall has a call suffer from the fault of its client.
func (s faultyFiles) befall(ctx context.Context, name string, write bool) error {
	parts := strings.SplitN(name, "/", 3)
	if len(parts) < 2 {
		return nil
	}
	found, ok := storageFaults.Load(parts[0] + "/" + parts[1])
	if !ok {
		return nil
	}
	f := found.(storageFault)
	if f.deaf != nil {
		<-f.deaf
	}
	if f.delay > 0 {
		select {
		case <-time.After(f.delay):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := f.read
	if write {
		err = f.write
	}
	if err == nil {
		return nil
	}
	if errno, ok := err.(syscall.Errno); ok && errno != syscall.ECONNREFUSED { // as package os reports it
		return &fs.PathError{Op: "open", Path: filepath.Join(s.Path, name), Err: errno}
	}
	return err
}

func (s faultyFiles) Store(ctx context.Context, name string, value []byte) error {
	if err := s.befall(ctx, name, true); err != nil {
		return err
	}
	return s.FileStorage.Store(ctx, name, value)
}

func (s faultyFiles) Load(ctx context.Context, name string) ([]byte, error) {
	if err := s.befall(ctx, name, false); err != nil {
		return nil, err
	}
	return s.FileStorage.Load(ctx, name)
}

func (s faultyFiles) Delete(ctx context.Context, name string) error {
	if err := s.befall(ctx, name, true); err != nil {
		return err
	}
	return s.FileStorage.Delete(ctx, name)
}

func (s faultyFiles) List(ctx context.Context, prefix string, recursive bool) ([]string, error) {
	if err := s.befall(ctx, prefix, false); err != nil {
		return nil, err
	}
	return s.FileStorage.List(ctx, prefix, recursive)
}

func (s faultyFiles) Lock(ctx context.Context, name string) error {
	if err := s.befall(ctx, name, true); err != nil {
		return err
	}
	return s.FileStorage.Lock(ctx, name)
}
