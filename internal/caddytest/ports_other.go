//go:build !linux

package caddytest

import (
	"net"
	"syscall"
	"testing"
)

// reservePort takes a port that the kernel gives, and lets go of it at once: a BSD finds
// a socket that is bound before it finds the one that listens.
func reservePort(t testing.TB) (port string, err error) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", net.JoinHostPort(Loopback, "0"))
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err = net.SplitHostPort(l.Addr().String())
	return port, err
}

// shareReserved has nothing to do where nothing is reserved.
func shareReserved(string, string, syscall.RawConn) error { return nil }
