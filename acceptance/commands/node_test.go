package commands

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// node is a Caddy that runs in a process of its own.
type node struct {
	port, admin string
	cmd         *exec.Cmd
}

// startNode runs the Caddyfile of the shell, in which {$PORT} and {$ADMIN} are those of the
// node, until the test ends.
func (s *shell) startNode(t *testing.T) *node {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	n := &node{port: s.freePort(t), admin: caddytest.Loopback + ":" + s.freePort(t)}
	n.cmd = exec.Command(self, "run", "--config", "Caddyfile") // not of the test's context: it is to end by itself
	n.cmd.Dir, n.cmd.Env = s.cwd, append(slices.Clone(s.env), "PORT="+n.port, "ADMIN="+n.admin)
	n.cmd.SysProcAttr = s.as
	log, err := n.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.stop(t) })
	awaitServing(t, log)
	return n
}

// freePort is a port for a node of the shell. One that the test keeps, nobody but the test's
// own user can share.
func (s *shell) freePort(t *testing.T) string {
	t.Helper()
	if s.as == nil {
		return caddytest.FreePort(t)
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", caddytest.Loopback+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// awaitServing returns when Caddy serves, and goes on reading what it logs.
func awaitServing(t *testing.T, log io.Reader) {
	t.Helper()
	lines, said := bufio.NewScanner(log), ""
	for lines.Scan() {
		said += lines.Text() + "\n"
		if strings.Contains(lines.Text(), "serving initial configuration") {
			go io.Copy(io.Discard, log) //nolint:errcheck // until the process ends
			return
		}
	}
	t.Fatalf("Caddy does not serve:\n%s", said)
}

func (n *node) stop(t *testing.T) {
	t.Helper()
	if n.cmd.ProcessState != nil {
		return
	}
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	_ = n.cmd.Wait() // it was told to end
}

// visitor is a browser at a site of several nodes, which goes to one of them at a time.
type visitor struct {
	*caddytest.Browser
	at *node
}

// visitorOf logs in at a node, at a site that all nodes have under one address.
func visitorOf(t *testing.T, public string, at *node, person string) *visitor {
	t.Helper()
	v := &visitor{Browser: (&caddytest.Server{T: t, Port: public}).Browser("http://localhost:{$PORT}"), at: at}
	v.Transport.(*http.Transport).DisableKeepAlives = true // the next request may go to another node
	v.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort(caddytest.Loopback, v.at.port))
	}
	if a := v.Login("/", url.Values{"person": {person}}); a.StatusCode != http.StatusOK {
		t.Fatalf("the login of %s ended at %d: %s", person, a.StatusCode, a.Text)
	}
	return v
}

// status is what a node answers.
func (v *visitor) status(at *node) int {
	v.T.Helper()
	v.at = at
	return v.Visit("/").StatusCode
}
