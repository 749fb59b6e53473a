package faults_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A login that comes back when Caddy was restarted and the storage was not read yet uses
// nothing up: loading the page again, once it was, ends it well.
func TestLoginThatComesBackBeforeTheStorageWasRead(t *testing.T) {
	shortenStorage(t)
	p := caddytest.NewProvider(t)
	const site = `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	respond "inside"
}`
	global := "storage faulty {$DIR}/storage\n" + p.Option()
	s := caddytest.Start(t, global, site)
	b := s.Browser("http://localhost:{$PORT}")
	b.RetryResets()
	callback := b.Visit(b.Visit("/.proconnect/login?return_to=/x").RedirectURL()).RedirectURL()

	sum := sha256.Sum256([]byte(p.URL + "\x00" + caddytest.ClientID))
	directory := "proconnect/" + hex.EncodeToString(sum[:8])
	storageFaults.Store(directory, storageFault{read: syscall.ECONNREFUSED, write: syscall.ECONNREFUSED})
	t.Cleanup(func() { storageFaults.Delete(directory) })
	s.Restart(global, site)
	if a := b.Visit(callback); a.StatusCode != http.StatusServiceUnavailable || a.Page() != "problem storage_unavailable" {
		t.Errorf("before the storage was read: %d, page %q", a.StatusCode, a.Page())
	}
	if n := p.Calls()["token"]; n != 0 {
		t.Errorf("the code was sent %d times", n)
	}
	storageFaults.Delete(directory)
	a := b.Visit(callback)
	for deadline := time.Now().Add(time.Minute); a.StatusCode == http.StatusServiceUnavailable && time.Now().Before(deadline); a = b.Visit(callback) {
		<-time.After(50 * time.Millisecond) // between two questions, not for an answer
	}
	if a = b.Follow(a); a.Text != "inside" {
		t.Errorf("once it was read: %d, page %q", a.StatusCode, a.Page())
	}
}
