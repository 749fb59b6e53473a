package e2e

import (
	"bufio"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a server that runs beside the tests.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	lines *lines
	done  chan struct{} // closed when it has ended, and all it said was read
}

// start runs a command until the test ends, and keeps what it says.
func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, lines: new(lines), done: make(chan struct{})}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe()
	p.stdin, cmd.Stdout, cmd.Stderr = stdin, w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		p.lines.read(r)
	}()
	go func() {
		w.CloseWithError(cmd.Wait())
	}()
	t.Cleanup(p.stop)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s said:\n%s", cmd.Path, p.lines.without(`"level":"debug"`))
		}
	})
	return p
}

// stop ends the process and returns when it has.
func (p *process) stop() {
	p.stdin.Close()
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	<-p.done
}

// kill ends the process by a signal and returns when it has ended, and its children.
func (p *process) kill(by syscall.Signal) {
	_ = p.cmd.Process.Signal(by) // it may have ended by itself
	<-p.done
}

// await waits for a line with all the words given.
func (p *process) await(t *testing.T, words ...string) string {
	t.Helper()
	line := p.listen(t, patience, words...)
	if line == "" {
		t.Fatalf("%s did not say %s:\n%s", p.cmd.Path, strings.Join(words, " "), p.lines)
	}
	return line
}

// listen returns the first line with all the words given, or nothing if none
// came in time or the process ended.
func (p *process) listen(t *testing.T, limit time.Duration, words ...string) string {
	t.Helper()
	var line string
	within(t, limit, func() bool {
		over := p.over()
		line = p.lines.find(words...)
		return line != "" || over
	})
	return line
}

// over tells whether the process has ended.
func (p *process) over() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// lines is what a process has written so far.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) read(r io.Reader) {
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		l.mu.Lock()
		l.all = append(l.all, s.Text())
		l.mu.Unlock()
	}
}

// find returns the first line that holds all the words.
func (l *lines) find(words ...string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.all {
		if containsAll(line, words) {
			return line
		}
	}
	return ""
}

func (l *lines) String() string { return l.without("\x00") }

// without returns the lines that do not hold a word.
func (l *lines) without(word string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	some := slices.DeleteFunc(slices.Clone(l.all), func(line string) bool { return strings.Contains(line, word) })
	return strings.Join(some, "\n")
}

func containsAll(s string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(s, w) {
			return false
		}
	}
	return true
}
