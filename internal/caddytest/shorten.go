package caddytest

import "testing"

// Shorten has the configurations that a test loads wait for less, by one of the
// variables of package waits. Call it before the server starts: they are read when a
// configuration is provisioned.
func Shorten[T any](t testing.TB, what *T, to T) {
	t.Helper()
	was := *what
	*what = to
	t.Cleanup(func() { *what = was })
}
