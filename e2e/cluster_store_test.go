package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"github.com/caddyserver/certmagic"
	"github.com/jackc/pgx/v5"

	"github.com/caddy-proconnect/caddy-proconnect/e2e/storage"
)

// store is a server that holds the storage of several nodes: Debian's, on loopback,
// with a folder of its own.
type store struct {
	*process
	t       *testing.T
	kind    string
	at      string // address or DSN
	ready   string // what it says then
	command func() *exec.Cmd
	crash   syscall.Signal
}

var stores = map[string]func(*testing.T) *store{"redis": newRedis, "postgres": newPostgres}

// open opens a room of the store for the test itself.
func (s *store) open(t *testing.T, room string) certmagic.Storage {
	t.Helper()
	if s.kind == "redis" {
		r := storage.NewRedis(s.at, room)
		t.Cleanup(r.Close)
		return r
	}
	p, err := storage.NewPostgres(s.at, room)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// start starts the store, again if it was killed: it has lost nothing. It ends with the
// test that made it, at once: PostgreSQL else waits for whoever is connected.
func (s *store) start() {
	s.t.Helper()
	s.process = start(s.t, s.command())
	s.t.Cleanup(s.kill)
	s.await(s.t, s.ready)
}

// kill ends the store as a crash does.
func (s *store) kill() { s.process.kill(s.crash) }

// newRedis starts a Redis that keeps what it has confirmed.
func newRedis(t *testing.T) *store {
	t.Helper()
	dir, port := serverDir(t), freePort(t)
	s := &store{t: t, kind: "redis", at: "127.0.0.1:" + port, ready: "Ready to accept connections", crash: syscall.SIGKILL}
	s.command = func() *exec.Cmd {
		return exec.Command(binary(t, "/usr/bin/redis-server"), "--port", port, "--bind", "127.0.0.1",
			"--dir", dir, "--save", "", "--appendonly", "yes", "--appendfsync", "always")
	}
	s.start()
	return s
}

// newPostgres starts a PostgreSQL, as its own user where the tests run as root: it
// refuses to be root.
func newPostgres(t *testing.T) *store {
	t.Helper()
	dir, port := serverDir(t), freePort(t)
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(binary(t, "/usr/lib/postgresql/*/bin/"+name), args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "LC_ALL=C")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: unprivileged(t, dir)}
		return cmd
	}
	data := filepath.Join(dir, "data")
	if out, err := command("initdb", "-D", data, "-U", "caddy", "--auth=trust", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	s := &store{
		t: t, kind: "postgres", at: fmt.Sprintf("postgres://caddy@127.0.0.1:%s/postgres?sslmode=disable", port),
		ready: "database system is ready to accept connections",
		crash: syscall.SIGQUIT, // its immediate shutdown: nothing is flushed, the next start recovers
	}
	s.command = func() *exec.Cmd {
		return command("postgres", "-D", data, "-c", "listen_addresses=127.0.0.1", "-c", "port="+port, "-c", "unix_socket_directories="+dir)
	}
	s.start()
	conn, err := pgx.Connect(t.Context(), s.at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), storage.Schema); err != nil {
		t.Fatal(err)
	}
	return s
}

// serverDir is a folder for a server's data.
func serverDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "e2e-") // a socket's name has little room
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// binary finds an installed program; of several versions the newest.
func binary(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		t.Fatalf("%s is missing: run make e2e, which installs it", pattern)
	}
	return slices.Max(found)
}

// unprivileged is whom a server runs as that refuses to be root, and gives that user
// its folder; nil where the tests are not root either.
func unprivileged(t *testing.T, dir string) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}
