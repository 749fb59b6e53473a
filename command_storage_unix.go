//go:build unix

package proconnect

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// becomeOwner has root go on as the user whom a folder belongs to, for good. Root's files
// are some that Caddy could not read: to the nodes, nothing would have been revoked. The
// configuration, with its secrets, was read before.
//
// Whoever owns a folder on the way decides where it leads. Were it Caddy's, and the way
// ended in a folder of root's or of somebody else's, Caddy would have them write there.
func becomeOwner(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	decides, at, err := firstOwner(dir)
	if err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	switch owner := info.Sys().(*syscall.Stat_t); {
	case owner.Uid != decides:
		return fmt.Errorf("it belongs to %s, and %s to %s, who decides where that leads: run this as the user that runs Caddy, or ask the admin endpoint", nameOf(owner.Uid), at, nameOf(decides))
	case owner.Uid == 0:
		return nil
	default:
		return become(int(owner.Uid), groupOf(owner))
	}
}

// maxLinks is how many links a path may go through, as many as Linux follows.
const maxLinks = 40

// firstOwner is who owns the first part of a path that is not root's, and that part; root
// and the path itself if there is none.
func firstOwner(path string) (uid uint32, at string, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return 0, "", err
	}
	at, links := "/", 0
	for rest := parts(path); len(rest) > 0; {
		next := filepath.Join(at, rest[0])
		info, err := os.Lstat(next)
		if err != nil {
			return 0, "", err
		}
		if owner := info.Sys().(*syscall.Stat_t).Uid; owner != 0 {
			return owner, next, nil
		}
		if rest = rest[1:]; info.Mode()&fs.ModeSymlink == 0 {
			at = next
			continue
		}
		target, err := os.Readlink(next)
		if links++; err != nil || links > maxLinks {
			return 0, "", errors.Join(err, syscall.ELOOP)
		}
		if filepath.IsAbs(target) {
			at = "/"
		}
		rest = slices.Concat(parts(target), rest)
	}
	return 0, at, nil
}

func parts(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == filepath.Separator })
}

// become takes the rights of a user, and keeps none of root's.
func become(uid, gid int) error {
	for _, step := range []func() error{
		func() error { return syscall.Setgroups([]int{gid}) },
		func() error { return syscall.Setgid(gid) },
		func() error { return syscall.Setuid(uid) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("root may not act as %s, whom it belongs to: run this as that user: %w", nameOf(uint32(uid)), err)
		}
	}
	return nil
}

// groupOf is the group of whoever owns a file: their own one, as that of the file may be
// one that they are not in.
func groupOf(owner *syscall.Stat_t) int {
	if u, err := user.LookupId(strconv.FormatUint(uint64(owner.Uid), 10)); err == nil {
		if gid, err := strconv.Atoi(u.Gid); err == nil {
			return gid
		}
	}
	return int(owner.Gid)
}

// checkOwner refuses a folder whose owner could not read what is written there.
func checkOwner(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) != os.Geteuid() {
		name := nameOf(owner.Uid)
		return fmt.Errorf("nothing was ended: %s belongs to %s, who could not read what somebody else writes there: run this as root, or by sudo -H -u %s", dir, name, name)
	}
	return nil
}

func nameOf(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return "#" + id
}
