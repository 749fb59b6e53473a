// Package commands tests `caddy proconnect …` as a shell runs it: in a process of its
// own, by what it prints, its exit code and what it leaves behind.
package commands

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/caddy-proconnect/caddy-proconnect"
	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/waits"
)

// asCaddy has this test's own binary be Caddy: it holds the plugin as it stands.
const asCaddy = "COMMANDS_TEST_AS_CADDY"

func TestMain(m *testing.M) {
	if os.Getenv(asCaddy) != "" {
		os.Args[0] = "caddy"
		if !caddytest.FullScale() {
			waits.Looks = time.Second
		}
		caddycmd.Main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// binary is what runs commands. With the race detector Caddy takes a second to start, and
// there are hundreds of commands: TEST_COMMANDS_BY names these tests built without it. What
// serves is always this binary.
func binary(t *testing.T) string {
	t.Helper()
	if by := os.Getenv("TEST_COMMANDS_BY"); by != "" {
		return by
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return self
}

// shell is where commands are typed: folders and variables of its own.
type shell struct {
	t     *testing.T
	home  string // of everything that Caddy may keep
	cwd   string
	env   []string
	stdin string
	as    *syscall.SysProcAttr // whose commands these are; nil: the test's own
}

func newShell(t *testing.T, env ...string) *shell {
	t.Helper()
	s := &shell{t: t, home: t.TempDir(), cwd: t.TempDir()}
	for _, name := range []string{"HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "TMPDIR"} {
		dir := filepath.Join(s.home, strings.ToLower(name))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		s.env = append(s.env, name+"="+dir)
	}
	s.env = append(s.env, "PATH="+os.Getenv("PATH"), asCaddy+"=1", "TEST_SCALE="+os.Getenv("TEST_SCALE"))
	s.env = append(s.env, env...)
	return s
}

// write puts a file into the working directory and returns its whole path.
func (s *shell) write(name, content string) string {
	s.t.Helper()
	path := filepath.Join(s.cwd, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// said is what a command printed, and how it ended.
type said struct {
	out, err string
	code     int
}

// caddy runs a command.
func (s *shell) caddy(args ...string) said {
	s.t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(s.t.Context(), binary(s.t), args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.cwd, slices.Clone(s.env), &out, &errs
	cmd.Stdin, cmd.SysProcAttr = strings.NewReader(s.stdin), s.as
	if err := cmd.Run(); err != nil {
		if _, ended := errors.AsType[*exec.ExitError](err); !ended {
			s.t.Fatal(err)
		}
	}
	return said{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// proconnect runs one of ours.
func (s *shell) proconnect(args ...string) said {
	s.t.Helper()
	return s.caddy(append([]string{"proconnect"}, args...)...)
}

// want checks how a command ended.
func (a said) want(t *testing.T, code int) said {
	t.Helper()
	if a.code != code {
		t.Errorf("exit code %d, want %d\n%s%s", a.code, code, a.out, a.err)
	}
	return a
}
