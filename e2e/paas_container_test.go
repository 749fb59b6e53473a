package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// container runs the Procfile's command on a fresh copy of the release, with the
// settings and $PORT in its environment and nothing else.
type container struct {
	*process
	t             *testing.T
	port, appPort string
}

// boot starts a container without waiting for it.
func (p *platform) boot() *container {
	p.t.Helper()
	command, ok := strings.CutPrefix(p.read("Procfile"), "web: ")
	if !ok {
		p.t.Fatal("the Procfile has no web")
	}
	c := &container{t: p.t, port: freePort(p.t), appPort: freePort(p.t)}
	c.process = start(p.t, p.command(command, "PORT="+c.port, "APP_PORT="+c.appPort))
	return c
}

// command runs on a fresh disk, as in a one-off container.
func (p *platform) command(command string, env ...string) *exec.Cmd {
	p.t.Helper()
	disk := serverDir(p.t)
	if err := os.CopyFS(disk, os.DirFS(p.release)); err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command("bash", "-c", command)
	cmd.Dir = disk
	cmd.Env = append(env, "HOME="+disk, "PATH="+os.Getenv("PATH"))
	for name, value := range p.settings {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// deploy starts as many containers, has the router send people to them once they all
// accept connections, and stops those that were there.
func (p *platform) deploy(n int) {
	p.t.Helper()
	before := p.containers
	var now []*container
	for range n {
		now = append(now, p.boot())
	}
	for _, c := range now {
		eventually(p.t, "a container to accept connections", func() bool { return c.over() || accepts(c.port) })
		if c.over() {
			p.t.Fatalf("the container ended:\n%s", c.lines)
		}
	}
	p.to.Store(0)
	p.containers = now
	for _, c := range before {
		c.stop()
	}
}

// accepts tells whether somebody listens on a port.
func accepts(port string) bool {
	c, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err == nil {
		c.Close()
	}
	return err == nil
}

// child is the process of a container whose program has a name: caddy, or node for the
// application.
func (c *container) child(name string) int {
	c.t.Helper()
	var found int
	eventually(c.t, "the process "+name, func() bool {
		for _, pid := range c.children() {
			if exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); filepath.Base(exe) == name {
				found = pid
			}
		}
		return found != 0
	})
	return found
}

// children are the processes that the container's first one has started.
func (c *container) children() []int {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		c.t.Fatal(err)
	}
	var pids []int
	for _, name := range stats {
		text, _ := os.ReadFile(name) // it may have ended
		_, after, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(after) // state, parent, …
		if len(fields) > 1 && fields[1] == strconv.Itoa(c.cmd.Process.Pid) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// wantEnd wants the container to end, and nothing of it to be left.
func (c *container) wantEnd(pids ...int) {
	c.t.Helper()
	if !within(c.t, patience, c.over) { // Caddy takes ten seconds at most, by grace_period
		c.t.Fatal("the container has not ended")
	}
	eventually(c.t, "its processes to be gone", func() bool {
		return !slices.ContainsFunc(pids, func(pid int) bool { return syscall.Kill(pid, 0) == nil })
	})
}
