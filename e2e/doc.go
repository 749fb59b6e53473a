// Package e2e holds tests, of five kinds.
//
// A real browser goes through Caddy, built with this plugin, to node oidc-provider,
// the engine that ProConnect runs: provider/ holds its configuration.
//
// And servers that nobody here wrote are behind gates that have a matcher: Node
// with several frameworks, Python's http.server, PHP-FPM, Jetty, Tomcat and the
// JDK's own (servers/, servers_test.go). Each says of every answer what it took the
// request for, by its own routing. A generator (targets_test.go) makes request
// targets from the pieces that servers differ about. Whatever a server serves as
// protected when it is asked directly must not be served through the gate without a
// session. The targets are the same in every run, unless TEST_SEED says otherwise.
// Ordinary addresses must pass where they are open, untouched (sites_ordinary_test.go).
//
// And two nodes share a storage: Debian's Redis and PostgreSQL, started on loopback
// with folders of their own (cluster_test.go), through the storage modules of storage/.
//
// And examples/paas runs as a platform as a service would run it (paas_test.go): the
// Procfile's command, $PORT, a router that ends TLS, a fresh disk for each container.
//
// And Debian's package: its unit is run by a systemd in namespaces of its own, and its
// program diverted as docs/deploy.md says (systemd_test.go, debian_test.go).
package e2e
