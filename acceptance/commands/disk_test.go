package commands

import (
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// tempting is a configuration that writes wherever it is provisioned as it is: logs, the
// keys of Caddy's own authority, the storage of a client.
const tempting = `{
	storage file_system {$DIR}/storage
	log {
		output file {$DIR}/caddy.log
	}
	proconnect {
		issuer http://127.0.0.1:1
		client_id a-client
		client_secret a-secret-of-some-length
	}
}

docs.example.gouv.fr {
	tls internal
	log {
		output file {$DIR}/access.log
	}
	proconnect {
		allow siren 130025265
	}
	file_server
}

ca.example.gouv.fr {
	tls internal {
		protocols tls1.3
		client_auth {
			mode require_and_verify
			trust_pool pki_root {
				authority local
			}
		}
	}
	acme_server
}
`

// reading are the commands that only read, with what they take to do all that they can.
var reading = map[string][]string{
	"uris":               {"uris"},
	"check":              {"check"},
	"doctor":             {"doctor"},
	"explain":            {"explain", "--url", "https://docs.example.gouv.fr/", "--claim", "siret=13002526500013"},
	"explain a stranger": {"explain", "--url", "https://docs.example.gouv.fr/"},
}

// A command that only reads leaves nothing on the disk, run by root or by somebody else:
// root's files are some that Caddy could not write. A configuration provisioned as it
// stands opens its logs and makes the keys of its authorities.
func TestReadingLeavesNothing(t *testing.T) {
	for name, args := range reading {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			s.env = append(s.env, "DIR="+s.cwd)
			s.write("Caddyfile", tempting)
			before := files(t, s)
			a := s.proconnect(args...)
			if a.code == 2 {
				t.Fatalf("it could not run:\n%s%s", a.out, a.err)
			}
			if after := files(t, s); !slices.Equal(before, after) {
				t.Errorf("before:\n%s\nafter:\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
			}
		})
	}
}

// The same by somebody who may write nowhere, as an operator's own account may not.
func TestReadingNeedsNoPlaceToWrite(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("root alone can be somebody else")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, args := range reading {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			s.env = append(s.env, "DIR="+s.cwd)
			open(t, s.write("Caddyfile", tempting), self)
			before := files(t, s)
			cmd := exec.CommandContext(t.Context(), self, append([]string{"proconnect"}, args...)...)
			cmd.Dir, cmd.Env = s.cwd, s.env
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			if out, err := cmd.CombinedOutput(); err != nil && cmd.ProcessState.ExitCode() == 2 {
				t.Fatalf("%v\n%s", err, out)
			}
			if after := files(t, s); !slices.Equal(before, after) {
				t.Errorf("after:\n%s", strings.Join(after, "\n"))
			}
		})
	}
}

// open lets everybody read some files, whatever the folders above them say.
func open(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
		for dir := filepath.Dir(path); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
			if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o055 != 0o055 {
				if err := os.Chmod(dir, info.Mode().Perm()|0o055); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// files are all that lie in a shell's folders.
func files(t *testing.T, s *shell) []string {
	t.Helper()
	found := make(map[string]bool)
	for _, root := range []string{s.home, s.cwd} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			found[path] = true
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return slices.Sorted(maps.Keys(found))
}
