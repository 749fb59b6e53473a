package caddytest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/caddy-proconnect/caddy-proconnect"
	"github.com/caddy-proconnect/caddy-proconnect/internal/waits"
)

// Server is a real Caddy with the plugin, started from a Caddyfile. Caddy is one
// per process: tests that start one do not run in parallel.
type Server struct {
	T       testing.TB // whose server it is: a subtest may take it over
	Port    string     // of http sites
	TLSPort string     // of https sites
	Dir     string     // of the test's own
}

// globals is in front of every Caddyfile: nothing outside of the test's own
// directory is written, and everything is logged.
const globals = `{
	admin off
	persist_config off
	storage file_system {$DIR}/storage
	skip_install_trust
	auto_https disable_redirects
	default_bind {$LOOPBACK}
	http_port {$PORT}
	https_port {$TLS_PORT}
	log {
		output file {$DIR}/log.json
		level DEBUG
	}
	$GLOBAL
}
`

// Start runs Caddy with global options and sites, in which {$PORT} and
// {$TLS_PORT} are free ports and {$DIR} a directory of the test's own.
func Start(t testing.TB, global, sites string) *Server {
	t.Helper()
	s := New(t)
	s.Run(global, sites)
	return s
}

// New prepares a server, whose directory can be filled before it runs. Its logouts need
// not wait for one another, and its start asks no ProConnect whether it answers: many
// tests name the real one.
func New(t testing.TB) *Server {
	t.Helper()
	t.Setenv("XDG_DATA_HOME", t.TempDir()) // where Caddy itself keeps a number of its own
	Shorten(t, &waits.Writes, 20*time.Millisecond)
	Shorten(t, &waits.FirstAsk, 24*time.Hour)
	return &Server{T: t, Port: FreePort(t), TLSPort: FreePort(t), Dir: t.TempDir()}
}

// Root is the directory of the module, which contains the packages of all tests.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the working directory")
		}
		dir = up
	}
}

// Fill puts the ports and the directory into a text.
func (s *Server) Fill(text string) string {
	return strings.NewReplacer("{$PORT}", s.Port, "{$TLS_PORT}", s.TLSPort, "{$DIR}", s.Dir, "{$LOOPBACK}", Loopback).Replace(text)
}

// Load replaces the running configuration.
func (s *Server) Load(global, sites string) {
	s.T.Helper()
	if err := s.LoadJSON(s.adapt(global, sites)); err != nil {
		s.T.Fatal(err)
	}
}

// Restart stops Caddy and starts it anew: only the storage stays.
func (s *Server) Restart(global, sites string) {
	s.T.Helper()
	if err := caddy.Stop(); err != nil {
		s.T.Fatal(err)
	}
	s.Load(global, sites)
}

func (s *Server) adapt(global, sites string) []byte {
	s.T.Helper()
	config, err := s.TryAdapt(global, sites)
	if err != nil {
		s.T.Fatal(err)
	}
	return config
}

// Write puts a file into the test's directory and returns its path.
func (s *Server) Write(name, content string) string {
	s.T.Helper()
	path := filepath.Join(s.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.T.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		s.T.Fatal(err)
	}
	return path
}

// Run starts Caddy for a server whose files are in place.
func (s *Server) Run(global, sites string) {
	s.T.Helper()
	s.Load(global, sites)
	s.T.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			s.T.Error(err)
		}
	})
}

// TryAdapt reads a configuration that may be wrong.
func (s *Server) TryAdapt(global, sites string) ([]byte, error) {
	text := s.Fill(strings.Replace(globals, "$GLOBAL", global, 1) + sites)
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
	return config, err
}
