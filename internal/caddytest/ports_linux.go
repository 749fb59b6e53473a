package caddytest

import (
	"errors"
	"strconv"
	"syscall"
	"testing"
)

// reusePort is SO_REUSEPORT, which package syscall lacks on most processors. Caddy sets
// it, too, and so gets a port that is reserved by it.
const reusePort = 0xf

// reservePort takes a port that the kernel gives, and keeps it until the test ends. A
// socket that is bound and does not listen receives nothing; but the kernel gives its
// port to nobody who asks for any, neither to a server nor to a connection that goes
// out, of which tests make thousands.
func reservePort(t testing.TB) (port string, err error) {
	t.Helper()
	s, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	t.Cleanup(func() { _ = syscall.Close(s) })
	if err := syscall.SetsockoptInt(s, syscall.SOL_SOCKET, reusePort, 1); err != nil {
		return "", err
	}
	if err := syscall.Bind(s, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return "", err
	}
	bound, err := syscall.Getsockname(s)
	if err != nil {
		return "", err
	}
	return strconv.Itoa(bound.(*syscall.SockaddrInet4).Port), nil
}

// shareReserved lets a server have a port that is reserved.
func shareReserved(_, _ string, c syscall.RawConn) error {
	var failed error
	err := c.Control(func(fd uintptr) { failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, reusePort, 1) })
	return errors.Join(err, failed)
}
