//go:build unix

package proconnect

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// becomeOwner has root go on as the user whom a folder belongs to, for good. Root's files
// are some that Caddy could not read: to the nodes, nothing would have been revoked. The
// configuration, with its secrets, was read before.
func becomeOwner(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	uid := os.Geteuid()
	switch {
	case !ok, int(owner.Uid) == uid:
		return nil
	case uid != 0:
		name := nameOf(owner.Uid)
		return fmt.Errorf("nothing was ended: %s belongs to %s, who could not read what somebody else writes there: run this as root, or by sudo -H -u %s", dir, name, name)
	}
	for _, step := range []func() error{
		func() error { return syscall.Setgroups([]int{int(owner.Gid)}) },
		func() error { return syscall.Setgid(int(owner.Gid)) },
		func() error { return syscall.Setuid(int(owner.Uid)) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("nothing was ended: root may not act as %s, whom %s belongs to: run this as that user: %w", nameOf(owner.Uid), dir, err)
		}
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
