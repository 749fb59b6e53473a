package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// server is one that nobody here wrote, with a site that says of every answer
// what it took the request for.
type server struct {
	name    string
	address string // asked directly; empty where only Caddy can speak to it
	behind  string // what leads to it in a Caddyfile
	php     bool   // it also runs scripts by their names
}

func proxied(name, address string) server {
	return server{name: name, address: address, behind: "reverse_proxy " + address}
}

// startServers starts them all.
func startServers(t *testing.T, dir string) []server {
	files := filepath.Join(dir, "files")
	writeFiles(t, files, siteFiles)
	all := startScripted(t, files, 13, "node", "servers/node.mjs")
	all = append(all, startScripted(t, files, 2, "python3", "servers/python.py")...)
	all = append(all, startPHP(t, filepath.Join(dir, "php"))...)
	all = append(all, startJetty(t, filepath.Join(dir, "jetty"), files)...)
	return append(all, startTomcat(t, filepath.Join(dir, "tomcat"), files)...)
}

// siteFiles are what servers of files serve. Where a system folds case or drops a
// dot at the end, that is the system's: these are Linux's.
var siteFiles = map[string]string{
	"index.html":        "SERVED:closed:",
	"s":                 "SERVED:closed:",
	"report.pdf":        "SERVED:pdf: SERVED:closed:",
	"admin/index.html":  "SERVED:admin: SERVED:closed:",
	"admin/s":           "SERVED:admin: SERVED:closed:",
	"admin/report.pdf":  "SERVED:admin: SERVED:pdf: SERVED:closed:",
	"public/index.html": "SERVED:public:",
	"public/s":          "SERVED:public:",
	"public/report.pdf": "SERVED:pdf: SERVED:public:",
}

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// startScripted starts a program that says of each of its servers, on a line of
// JSON, what it is called and where it listens.
func startScripted(t *testing.T, files string, want int, command ...string) (all []server) {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "FILES="+files)
	p := start(t, cmd)
	said := func() (found []server) {
		for line := range strings.Lines(p.lines.String()) {
			var s struct {
				Name string
				Port int
			}
			if json.Unmarshal([]byte(line), &s) == nil && s.Port != 0 {
				found = append(found, proxied(s.Name, fmt.Sprintf("127.0.0.1:%d", s.Port)))
			}
		}
		return found
	}
	eventually(t, strings.Join(command, " "), func() bool { return p.over() || len(said()) == want })
	if all = said(); len(all) != want {
		t.Fatalf("%s started %d servers, want %d (npm ci in e2e/servers?):\n%s", command, len(all), want, p.lines)
	}
	slices.SortFunc(all, func(a, b server) int { return strings.Compare(a.name, b.name) })
	return all
}

// installed returns the newest of the files that a pattern names; packages of
// Debian carry a version in their names.
func installed(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		t.Fatalf("%s is missing: run make servers, which installs it (%v)", pattern, err)
	}
	return slices.MaxFunc(found, func(a, b string) int {
		if len(a) != len(b) { // tomcat10 is newer than tomcat9
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
}

// awaitListeners waits until the addresses are listened to.
func awaitListeners(t *testing.T, p *process, addresses ...string) {
	t.Helper()
	for _, address := range addresses {
		eventually(t, "a server at "+address, func() bool {
			if p.over() {
				t.Fatalf("%s has ended:\n%s", p.cmd.Path, p.lines)
			}
			c, err := net.Dial("tcp", address)
			if err == nil {
				c.Close()
			}
			return err == nil
		})
	}
}
