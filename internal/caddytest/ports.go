package caddytest

import (
	"net"
	"testing"
)

// Loopback is the one address that every system has on its loopback interface.
const Loopback = "127.0.0.1"

// FreePort asks the kernel for a port for a server whose address must be known before it
// starts, and keeps it for the test, as far as the system lets it.
func FreePort(t testing.TB) string {
	t.Helper()
	for range 100 {
		port, err := reservePort(t)
		if err != nil {
			t.Fatal(err)
		}
		// HTTP/3 wants the same port over UDP.
		if l, err := net.ListenPacket("udp", net.JoinHostPort(Loopback, port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}

// Listen listens on a port of FreePort.
func Listen(t testing.TB, address string) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{Control: shareReserved}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
