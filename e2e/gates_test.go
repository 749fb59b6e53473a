package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// gates is a Caddy with many sites, that nobody logs in to: its provider is never
// called. Every site has a port of its own, for a target may name another host.
type gates struct {
	t         *testing.T
	dir       string
	caddyfile strings.Builder
}

func newGates(t *testing.T, dir string) *gates {
	c := &gates{t: t, dir: dir}
	fmt.Fprintf(&c.caddyfile, `{
	admin off
	default_bind 127.0.0.1
	storage file_system %s/storage
	proconnect {
		issuer http://127.0.0.1:1
		client_id c
		client_secret secret-0123456789-0123456789-0123456789
	}
}
`, dir)
	return c
}

// site adds a site, with a gate where a matcher says, and returns its address.
func (c *gates) site(matcher, behind string) (address string) {
	c.t.Helper()
	port := freePort(c.t)
	fmt.Fprintf(&c.caddyfile, "http://:%s {\n", port)
	if matcher != "" {
		fmt.Fprintf(&c.caddyfile, "\t@gate %s\n\tproconnect @gate {\n\t\torigin http://localhost:%s\n\t\tallow any\n\t}\n", matcher, port)
	}
	fmt.Fprintf(&c.caddyfile, "\t%s\n}\n", behind)
	return "127.0.0.1:" + port
}

// run starts Caddy, and returns when it serves.
func (c *gates) run() {
	c.t.Helper()
	binary, err := caddyBinary()
	if err != nil {
		c.t.Fatal(err)
	}
	path := filepath.Join(c.dir, "Caddyfile")
	if err := os.WriteFile(path, []byte(c.caddyfile.String()), 0o600); err != nil {
		c.t.Fatal(err)
	}
	cmd := exec.Command(binary, "run", "--config", path, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "HOME="+c.dir, "XDG_DATA_HOME="+c.dir, "XDG_CONFIG_HOME="+c.dir)
	start(c.t, cmd).await(c.t, "serving initial configuration")
}

// shortTempDir is not t.TempDir, whose name may be too long for a socket.
func shortTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "e2e-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
