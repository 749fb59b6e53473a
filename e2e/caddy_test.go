package e2e

import (
	"crypto/tls"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// client is the global option proconnect of a test's Caddyfile.
type client struct {
	id                 string // at the provider
	signing, userinfo  string // algorithms
	lines              string // further subdirectives
	callback           string // the host whose addresses alone are registered; empty: those of all
	perTabInteractions bool   // of the provider: not ProConnect's way
	emailPage          bool   // of the provider: it asks for the email first
	killOverlaps       bool   // of the provider: of one browser one pass at a time comes back
}

// rs256 is what most sites have: a self-service client of the portal.
var rs256 = client{id: "rs256", signing: "RS256", userinfo: "RS256"}

// sites are the sites of a test: host name (before .localhost) to what stands
// in its block; {$UPSTREAM} is the site behind.
type sites map[string]string

// stack is a provider, a Caddy before it and a site behind.
type stack struct {
	t        *testing.T
	provider *provider
	upstream *upstream
	caddy    *process
	dir      string // Caddy's storage and configuration
	port     string
	hosts    []string
}

// newStack starts everything, and waits until it serves.
func newStack(t *testing.T, c client, blocks sites) *stack {
	t.Helper()
	// Not t.TempDir, whose name may be too long for the admin socket.
	dir, err := os.MkdirTemp("", "e2e-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &stack{t: t, dir: dir, port: freePort(t), hosts: slices.Sorted(maps.Keys(blocks)), upstream: newUpstream(t)}
	var origins, env []string
	for _, h := range s.hosts {
		if c.callback == "" || c.callback == h {
			origins = append(origins, s.origin(h))
		}
	}
	if c.perTabInteractions {
		env = append(env, "PER_TAB_INTERACTION=1")
	}
	if c.emailPage {
		env = append(env, "EMAIL_PAGE=1")
	}
	if c.killOverlaps {
		env = append(env, "KILL_OVERLAPS=1")
	}
	s.provider = startProvider(t, origins, env...)
	s.write(c, blocks)
	s.startCaddy()
	t.Cleanup(s.checkLog)
	return s
}

// write writes the Caddyfile.
func (s *stack) write(c client, blocks sites) {
	s.t.Helper()
	var b strings.Builder
	if c.callback != "" {
		c.lines += "\n\t\tcallback_origin " + s.origin(c.callback)
	}
	fmt.Fprintf(&b, `{
	admin unix//%s/admin.sock
	auto_https disable_redirects
	debug
	default_bind 127.0.0.1
	skip_install_trust
	storage file_system %[1]s/storage
	log {
		output stderr
		format json
	}
	proconnect {
		issuer %s
		client_id %s
		client_secret %s
		signing_alg %s
		userinfo_signing_alg %s
		%s
	}
}
`, s.dir, s.provider.issuer, c.id, secretOf(c.id), c.signing, c.userinfo, c.lines)
	for _, h := range slices.Sorted(maps.Keys(blocks)) {
		fmt.Fprintf(&b, "%s {\n\ttls internal\n%s\n}\n", s.origin(h), blocks[h])
	}
	if err := os.WriteFile(s.caddyfile(), []byte(b.String()), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stack) caddyfile() string { return filepath.Join(s.dir, "Caddyfile") }

// origin is the scheme, host and port of a site.
func (s *stack) origin(host string) string {
	return "https://" + host + ".localhost:" + s.port
}

func (s *stack) startCaddy() {
	s.t.Helper()
	s.caddy = start(s.t, s.command("run"))
	s.caddy.await(s.t, "serving initial configuration")
	for _, h := range s.hosts {
		eventually(s.t, "the certificate of "+h, func() bool { return s.handshake(h) })
	}
}

// command is Caddy with this stack's configuration and storage, away from the
// user's own.
func (s *stack) command(verb string) *exec.Cmd {
	s.t.Helper()
	binary, err := caddyBinary()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(binary, verb, "--config", s.caddyfile(), "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "HOME="+s.dir, "XDG_DATA_HOME="+s.dir, "XDG_CONFIG_HOME="+s.dir, "UPSTREAM="+s.upstream.address)
	return cmd
}

func (s *stack) handshake(host string) bool {
	c, err := tls.Dial("tcp", "127.0.0.1:"+s.port, &tls.Config{ServerName: strings.Replace(host, "*", "any", 1) + ".localhost", InsecureSkipVerify: true})
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// restartCaddy ends Caddy and starts it on the same storage.
func (s *stack) restartCaddy() {
	s.t.Helper()
	s.checkLog()
	s.caddy.stop()
	s.startCaddy()
}

// reload gives the running Caddy another configuration.
func (s *stack) reload(c client, blocks sites) {
	s.t.Helper()
	s.write(c, blocks)
	if out, err := s.command("reload").CombinedOutput(); err != nil {
		s.t.Fatalf("caddy reload: %v\n%s", err, out)
	}
}

// secrets is what no log may hold, whatever its level: a code, a token.
var secrets = regexp.MustCompile(`[?&"]code=[\w-]{8,}|eyJ[\w-]{10,}\.[\w-]{10,}|code_verifier=[\w-]`)

// checkLog holds Caddy's log to what it must never hold.
func (s *stack) checkLog() {
	log := s.caddy.lines.String()
	if found := secrets.FindString(log); found != "" {
		s.t.Errorf("the log holds %q", found)
	}
	if strings.Contains(log, "-secret-0123456789") {
		s.t.Error("the log holds the client secret")
	}
}
