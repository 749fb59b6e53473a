package listfile

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"strings"
	"testing"
)

// A file that is shut is shut to somebody: root reads what the user of the service does
// not.
func TestReasonNamesTheUser(t *testing.T) {
	shut := Reason(&fs.PathError{Op: "open", Path: "/secret/list.txt", Err: fs.ErrPermission})
	want := "permission denied for the user with uid " + strconv.Itoa(os.Geteuid())
	if u, err := user.LookupId(strconv.Itoa(os.Geteuid())); err == nil {
		want = "permission denied for the user " + u.Username + " (uid " + u.Uid + ")"
	}
	if !strings.HasPrefix(shut.Error(), want+", as which Caddy runs") || strings.Contains(shut.Error(), "/secret") || !errors.Is(shut, fs.ErrPermission) {
		t.Errorf("got %v, want %s", shut, want)
	}
	if other := Reason(&fs.PathError{Op: "open", Path: "/x", Err: fs.ErrNotExist}); other.Error() != fs.ErrNotExist.Error() {
		t.Errorf("got %v", other)
	}
}

// The same of a file, where the tests do not run as root.
func TestOpenNamesTheUser(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	path := t.TempDir() + "/list.txt"
	write(t, path, dinum+"\n")
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, SIRET); err == nil || !strings.Contains(err.Error(), "as which Caddy runs") {
		t.Errorf("got %v", err)
	}
}
