package commands

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tempting is a configuration that writes wherever it is provisioned as it is: logs, the
// keys of Caddy's own authority, the storage of a client.
const tempting = `{
	admin {$ADMIN}
	storage file_system {$DIR}/storage
	log {
		output file {$DIR}/caddy.log
	}
	servers {
		trusted_proxies commands_test_asking
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

localhost {
	respond "certified by the machine's own authority"
}
`

// reading are the commands that only read, with what they take to do all that they can.
// Those that look at a configuration find it in {$DIR}; status asks a Caddy that runs.
func reading(t *testing.T) (commands map[string][]string, admin string) {
	t.Helper()
	running := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"clients": [], "lists": []}`)
	}))
	t.Cleanup(running.Close)
	admin = strings.TrimPrefix(running.URL, "http://")
	return map[string][]string{
		"uris":               {"uris"},
		"check":              {"check", "--strict"},
		"doctor":             {"doctor"},
		"explain":            {"explain", "--url", "https://docs.example.gouv.fr/", "--claim", "siret=13002526500013"},
		"explain a stranger": {"explain", "--url", "https://docs.example.gouv.fr/"},
		"secret":             {"secret"},
		"status":             {"status", "--address", admin},
		"status of a file":   {"status", "--config", "Caddyfile"},
	}, admin
}

// Every command either only reads, or is one that writes and is tested for what it writes.
func TestReadingCommandsAreAllTried(t *testing.T) {
	tried := map[string]bool{"revoke": true, "rotate": true}
	all, _ := reading(t)
	for _, args := range all {
		tried[args[0]] = true
	}
	commands := completed(newShell(t), "")
	slices.Sort(commands)
	if known := slices.Sorted(maps.Keys(tried)); !slices.Equal(commands, known) {
		t.Errorf("there are %q, tried are %q", commands, known)
	}
}

// A command that only reads leaves nothing on the disk, run by root or by somebody else:
// root's files are some that Caddy could not write. A configuration provisioned as it
// stands opens its logs and makes the keys of its authorities.
func TestReadingLeavesNothing(t *testing.T) {
	leavesNothing(t, func(*shell) {})
}

// The same by somebody else, at home where they may write.
func TestReadingLeavesNothingOfAnotherUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("root alone can be somebody else")
	}
	leavesNothing(t, func(s *shell) {
		asAnother(t, s)
		for _, root := range []string{s.home, s.cwd} {
			err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
				return errors.Join(err, os.Chown(path, caddyUser, caddyUser))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// The same by somebody who may write nowhere, as an operator's own account may not.
func TestReadingNeedsNoPlaceToWrite(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("root alone can be somebody else")
	}
	leavesNothing(t, func(s *shell) { asAnother(t, s) })
}

// asAnother has another user run the shell's commands.
func asAnother(t *testing.T, s *shell) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	open(t, filepath.Join(s.cwd, "Caddyfile"), self, binary(t))
	s.by(caddyUser)
}

// leavesNothing runs every command that only reads, by whoever it is made to be.
func leavesNothing(t *testing.T, by func(*shell)) {
	t.Helper()
	all, admin := reading(t)
	for name, args := range all {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			s.env = append(s.env, "DIR="+s.cwd, "ADMIN="+admin)
			s.write("Caddyfile", tempting)
			by(s)
			before := files(t, s)
			if a := s.proconnect(args...); a.code == 2 {
				t.Fatalf("it could not run:\n%s%s", a.out, a.err)
			}
			if after := files(t, s); !slices.Equal(before, after) {
				t.Errorf("before:\n%s\nafter:\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
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
