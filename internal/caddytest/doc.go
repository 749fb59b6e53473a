// Package caddytest runs a real Caddy with the plugin for tests of the whole: a
// Server from a Caddyfile, a Browser that visits its sites, an Upstream behind
// them, and a Provider to log in at where the sandbox is not enough.
//
//	s := caddytest.Start(t, caddytest.Sandbox, caddytest.GatedBy("allow any"))
//	b := s.Browser("http://localhost:{$PORT}")
//	a := b.Login("/", url.Values{"person": {"ministry"}})
//
// Caddy is one per process: tests of one package that start it do not run in
// parallel. Packages do, each at ports of its own (FreePort).
package caddytest
