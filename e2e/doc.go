// Package e2e holds no code but tests: a real browser goes through Caddy, built
// with this plugin, to node oidc-provider, the engine that ProConnect runs.
package e2e
