package commands

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// Accounts that are nobody's on a usual system.
const (
	caddyUser = 65534
	otherUser = 65533
)

// by has the shell's commands be run by a user.
func (s *shell) by(uid uint32) {
	s.as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
}

// storedSite is a shell in whose storage one Caddy was: it is gone, and a visitor of its
// has a session. uid is whose storage it is.
func storedSite(t *testing.T, session string, uid uint32, env ...string) (*shell, *visitor) {
	t.Helper()
	public := caddytest.FreePort(t)
	s := newSite(t, public, session)
	s.env = append(s.env, env...)
	s.ownedBy(t, uid)
	n := s.startNode(t)
	v := visitorOf(t, public, n, "ministry")
	n.stop(t)
	s.as = nil
	return s, v
}

// ownedBy has a user own what Caddy writes, and run it; 0 is whoever runs the test.
func (s *shell) ownedBy(t *testing.T, uid uint32) {
	t.Helper()
	if uid == 0 {
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	open(t, filepath.Join(s.cwd, "Caddyfile"), self, binary(t))
	for _, name := range []string{"storage", "log"} {
		dir := filepath.Join(s.cwd, name)
		if err := errors.Join(os.Mkdir(dir, 0o700), os.Chown(dir, int(uid), int(uid))); err != nil {
			t.Fatal(err)
		}
	}
	s.by(uid)
}

// unprivileged is a user whom the modes of files bind.
func unprivileged() uint32 {
	if os.Getuid() == 0 {
		return caddyUser
	}
	return 0
}

// A storage of another module is one of which nobody knows where it is: its module says.
func TestStorageOfAnotherModule(t *testing.T) {
	s, v := storedSite(t, "lifetime 12h", 0, "STORAGE=other")
	if a := s.proconnect("revoke", "siren", "130025265", "--storage").want(t, 0); !strings.Contains(a.out, "the storage other") {
		t.Errorf("it says %q", a.out)
	}
	if got := v.status(s.startNode(t)); got != http.StatusUnauthorized {
		t.Errorf("got %d, want 401", got)
	}
}

// What is written into the storage while no Caddy runs holds when one does, and nothing
// else is on the disk then: neither a key, nor a log, nor a certificate.
func TestStorageKeepsWhatIsEndedWhileNoCaddyRuns(t *testing.T) {
	for name, session := range map[string]string{
		"a key of the storage": "lifetime 12h",
		"a key of its own":     "secret " + caddytest.NewSessionKey(),
	} {
		t.Run(name, func(t *testing.T) {
			s, v := storedSite(t, session, 0)
			before := files(t, s)
			if a := s.proconnect("revoke", "siren", "130025265", "--storage").want(t, 0); !strings.Contains(a.out, "sessions ended: client default") || !strings.Contains(a.out, s.cwd+"/storage") {
				t.Errorf("it says %q", a.out)
			} else {
				fits(t, a.out)
			}
			if a := s.proconnect("revoke", "siren", "130025265", "--storage", "--json").want(t, 0); strings.Join(strings.Fields(a.out), "") != `{"clients":["default"]}` {
				t.Errorf("it says %q", a.out)
			}
			for _, f := range files(t, s) {
				if !slices.Contains(before, f) && !strings.HasPrefix(f, filepath.Join(s.cwd, "storage", "proconnect")) {
					t.Errorf("%s is new", f)
				}
			}
			if keys, err := filepath.Glob(filepath.Join(clientFolder(t, s), "keys.json")); err != nil || len(keys) > 0 && !slices.Contains(before, keys[0]) {
				t.Errorf("there is a key: %v %v", keys, err)
			}
			if got := v.status(s.startNode(t)); got != http.StatusUnauthorized {
				t.Errorf("got %d, want 401", got)
			}
		})
	}
}

// Through the storage, the same is refused as by the admin endpoint, and nothing is written
// that no Caddy would look at.
func TestStorageRefusesWhatTheEndpointRefuses(t *testing.T) {
	s, _ := storedSite(t, "lifetime 12h", 0)
	elsewhere, empty, nameless := newSite(t, "1", "lifetime 12h"), newSite(t, "1", "secret "+caddytest.NewSessionKey()), newSite(t, "1", "lifetime 12h")
	others := newSite(t, "1", "secret "+caddytest.NewSessionKey())
	if err := os.Mkdir(filepath.Join(others.cwd, "storage"), 0o700); err != nil {
		t.Fatal(err)
	}
	others.write("storage/last_clean.json", "{}")
	nameless.write("Caddyfile", strings.Replace(twoNodes, "storage {$STORAGE:file_system} {$DIR}/storage", "", 1))
	narrow := s.write("narrow", strings.Replace(twoNodes, "environment sandbox", "environment sandbox\n\t\tscopes openid siret idp_id roles", 1))
	for name, c := range map[string]struct {
		in   *shell
		args []string
		says string
	}{
		"another client":             {s, []string{"revoke", "siren", "130025265", "--client", "other"}, "want one of default"},
		"a field that is none":       {s, []string{"revoke", "organisation", "x"}, "does not ask ProConnect for it"},
		"a field that no gate needs": {s, []string{"revoke", "email", "a@example.fr", "--config", narrow, "--adapter", "caddyfile"}, "does not ask ProConnect for it"},
		"what is no SIRET":           {s, []string{"revoke", "siret", "13002526500014"}, "siret"},
		"no field":                   {s, []string{"revoke"}, "say which field"},
		"an endpoint, too":           {s, []string{"rotate", "--address", "localhost:2019"}, "say one"},
		"a storage of nobody's":      {elsewhere, []string{"revoke", "siren", "130025265"}, "holds nothing of this client"},
		"an empty storage":           {empty, []string{"rotate"}, "it is not the one of the Caddy that runs"},
		"a storage of another Caddy": {others, []string{"rotate"}, "it is not the one of the Caddy that runs"},
		"somebody else's home":       {nameless, []string{"rotate"}, "XDG_DATA_HOME"},
		"a configuration that fails": {elsewhere, []string{"rotate", "--config", elsewhere.write("wrong", "{\n proconnect {\n }\n}\n"), "--adapter", "caddyfile"}, "say which ProConnect"},
	} {
		t.Run(name, func(t *testing.T) {
			c.in.t = t
			before := files(t, c.in)
			a := c.in.proconnect(append(c.args, "--storage")...).want(t, 2)
			if unfolded := strings.Join(strings.Fields(a.err), " "); a.out != "" || !strings.Contains(unfolded, c.says) {
				t.Errorf("printed %q and %q, want %q", a.out, a.err, c.says)
			}
			fits(t, a.err)
			if after := files(t, c.in); !slices.Equal(before, after) {
				t.Errorf("before:\n%s\nafter:\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
			}
		})
	}
}

// A storage that does not take it is an error, and nothing was ended.
func TestStorageThatDoesNotTakeIt(t *testing.T) {
	uid := unprivileged()
	s, v := storedSite(t, "lifetime 12h", uid)
	dir := clientFolder(t, s)
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"revoke", "siren", "130025265", "--storage"}, {"rotate", "--storage"}} {
		a := s.proconnect(args...).want(t, 2)
		if unfolded := strings.Join(strings.Fields(a.err), " "); a.out != "" || !strings.Contains(unfolded, "not done: client default: ") || !strings.Contains(unfolded, "the storage did not take it") {
			t.Errorf("%q: printed %q and %q", args, a.out, a.err)
		}
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if uid != 0 {
		s.by(uid)
	}
	if got := v.status(s.startNode(t)); got != http.StatusOK {
		t.Errorf("got %d, want 200: nothing was ended", got)
	}
}

// clientFolder is the only one that a client has in the storage.
func clientFolder(t *testing.T, s *shell) string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(s.cwd, "storage", "proconnect", "*"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("%v: %v", dirs, err)
	}
	return dirs[0]
}

// Root's files are some that Caddy cannot read: to the nodes, nothing would have been
// ended. So root writes as the folder's owner, and anybody else is told to.
func TestStorageIsWrittenAsItsOwner(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("root alone can be somebody else")
	}
	for name, c := range map[string]struct {
		session string
		mode    fs.FileMode // of the whole storage, for others
		says    string
	}{
		"a key of the storage":                {"lifetime 12h", 0o700, "may not be read: run this as root"},
		"a key of its own":                    {"secret " + caddytest.NewSessionKey(), 0o700, "may not be read: run this as root"},
		"a storage where everybody may write": {"lifetime 12h", 0o777, "who could not read what somebody else writes there: run this as root, or by sudo -H -u"},
		"the same, and a key of its own":      {"secret " + caddytest.NewSessionKey(), 0o777, "who could not read what somebody else writes there"},
	} {
		t.Run(name, func(t *testing.T) {
			s, v := storedSite(t, c.session, caddyUser)
			for _, args := range [][]string{{"rotate", "--storage"}, {"revoke", "siren", "130025265", "--storage"}} {
				s.proconnect(args...).want(t, 0)
			}
			err := filepath.WalkDir(filepath.Join(s.cwd, "storage"), func(path string, d fs.DirEntry, err error) error {
				if err != nil {
					return err
				}
				info, err := d.Info()
				if err == nil && info.Sys().(*syscall.Stat_t).Uid != caddyUser {
					t.Errorf("%s is not Caddy's", path)
				}
				return errors.Join(err, os.Chmod(path, c.mode))
			})
			if err != nil {
				t.Fatal(err)
			}
			before := files(t, s)
			s.by(otherUser)
			if a := s.proconnect("rotate", "--storage").want(t, 2); !strings.Contains(strings.Join(strings.Fields(a.err), " "), c.says) {
				t.Errorf("somebody else is told %q", a.err)
			}
			if after := files(t, s); !slices.Equal(before, after) {
				t.Errorf("after:\n%s", strings.Join(after, "\n"))
			}
			s.by(caddyUser)
			if got := v.status(s.startNode(t)); got != http.StatusUnauthorized {
				t.Errorf("got %d, want 401", got)
			}
		})
	}
}

// A folder of Caddy's can be made to lead anywhere. Where it leads into one of root's or of
// somebody else's, root would write there what Caddy could not.
func TestStorageThatLeadsElsewhere(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("root alone can be somebody else")
	}
	for name, owner := range map[string]int{"to a folder of root's": 0, "to a folder of somebody else's": otherUser} {
		t.Run(name, func(t *testing.T) {
			s, _ := storedSite(t, "secret "+caddytest.NewSessionKey(), caddyUser)
			s.proconnect("rotate", "--storage").want(t, 0) // makes the folder
			mine, theirs := clientFolder(t, s), filepath.Join(s.cwd, "theirs")
			err := errors.Join(os.Mkdir(theirs, 0o755), os.Chown(theirs, owner, owner), os.Rename(mine, mine+"-before"), os.Symlink(theirs, mine), os.Lchown(mine, caddyUser, caddyUser))
			if err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"rotate", "--storage"}, {"revoke", "siren", "130025265", "--storage"}} {
				a := s.proconnect(args...).want(t, 2)
				if unfolded := strings.Join(strings.Fields(a.err), " "); a.out != "" || !strings.Contains(unfolded, "who decides where that leads: run this as the user that runs Caddy") {
					t.Errorf("%q: printed %q and %q", args, a.out, a.err)
				}
			}
			if written, err := os.ReadDir(theirs); err != nil || len(written) > 0 {
				t.Errorf("there is %v: %v", written, err)
			}
		})
	}
}

// What Caddy's own user made is read with that user's rights: a key that is a link into
// what root alone may read tells nothing of it.
func TestStorageIsReadAsItsOwner(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("root alone can be somebody else")
	}
	s, _ := storedSite(t, "lifetime 12h", caddyUser)
	key := filepath.Join(clientFolder(t, s), "keys.json")
	theirs := s.write("theirs.json", "root alone reads this")
	if err := errors.Join(os.Remove(key), os.Symlink(theirs, key)); err != nil {
		t.Fatal(err)
	}
	a := s.proconnect("rotate", "--storage").want(t, 2)
	if unfolded := strings.Join(strings.Fields(a.err), " "); !strings.Contains(unfolded, "may not be read") {
		t.Errorf("printed %q and %q", a.out, a.err)
	}
}
