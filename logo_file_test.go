//go:build unix

package proconnect

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
)

const smallLogo = `<svg xmlns="http://www.w3.org/2000/svg"/>`

// A pipe gives what it has once, and has the configuration wait for the rest: it is
// refused before anything is read, also where an image is in it. So is a directory.
func TestLogoIsAFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "logo.svg")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	pipe, err := os.OpenFile(path, os.O_RDWR, 0) // so that nobody waits for somebody who writes
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	if _, err := pipe.WriteString(smallLogo + strings.Repeat(" ", 4096-len(smallLogo))); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{path, dir} {
		if _, err := readSmall(path, 4095); err == nil || err.Error() != "it is no file" {
			t.Fatalf("%s: got %v", path, err) // the pipe is empty by then
		}
		if _, err := new(App).readLogo(path); err == nil || err.Error() != "logo "+path+": it is no file" {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

// What is too large is not read to its end: one byte more than may be is enough to know.
func TestLogoIsReadInBounds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logo.svg")
	if err := os.WriteFile(path, []byte(smallLogo+strings.Repeat(" ", 2*pages.MaxLogo)), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := readSmall(path, pages.MaxLogo); err != nil || len(data) != pages.MaxLogo+1 {
		t.Errorf("read %d bytes (%v), want %d", len(data), err, pages.MaxLogo+1)
	}
	if _, err := new(App).readLogo(path); err == nil || !strings.Contains(err.Error(), "larger than 64 kB") {
		t.Errorf("got %v", err)
	}
}
