package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience bounds every wait for a page, a process or an answer.
const patience = time.Minute

// browser is the one Chromium of all tests; each person has a profile of its own.
var browser context.Context

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), chromium(filepath.Join(dir, "browser"))...)
	defer stop()
	ctx, cancel := chromedp.NewContext(allocator)
	defer cancel()
	browser = ctx
	caddyBinary = sync.OnceValues(func() (string, error) { return buildCaddy(dir) })
	clusterBinary = sync.OnceValues(func() (string, error) {
		return given("CADDY_STORAGES_BIN", func() (string, error) { return build(filepath.Join(dir, "caddy-storages"), ".", "./storage/caddy") })
	})
	return m.Run()
}

// chromium are the options of a browser that keeps its profile in a folder.
func chromium(profile string) []chromedp.ExecAllocatorOption {
	return append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.UserDataDir(profile),
		chromedp.NoSandbox, // tests may run as root
		chromedp.DisableGPU,
		chromedp.IgnoreCertErrors, // Caddy's internal authority
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("accept-lang", "fr"),
		chromedp.WindowSize(1280, 900),
	)
}

// startBrowser starts Chromium with the first test that needs one.
var startBrowser = sync.OnceValue(func() error { return chromedp.Do(browser) })

// caddyBinary is the path of Caddy with this plugin: CADDY_BIN, or built once.
var caddyBinary func() (string, error)

// clusterBinary is that of Caddy with the storages of these tests as well:
// CADDY_STORAGES_BIN, or built once.
var clusterBinary func() (string, error)

func buildCaddy(dir string) (string, error) {
	return given("CADDY_BIN", func() (string, error) {
		return build(filepath.Join(dir, "caddy"), "..", "./cmd/caddy") // the plugin is a module of its own
	})
}

// given returns the path that a variable holds, or what else makes one.
func given(variable string, otherwise func() (string, error)) (string, error) {
	if path := os.Getenv(variable); path != "" {
		return filepath.Abs(path)
	}
	return otherwise()
}

// build builds a command of the module in a directory.
func build(path, module, command string) (string, error) {
	cmd := exec.Command("go", "build", "-o", path, command)
	cmd.Dir = module
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build %s: %w\n%s", command, err, out)
	}
	return path, nil
}

// lastPort counts the ports that were given: none is given twice.
var lastPort atomic.Uint32

func init() { lastPort.Store(rand.Uint32N(10_000)) } // another run may be under way

// freePort finds a port for a server whose address must be known before it
// starts: it stands in redirect URIs, which are registered exactly. It is none of
// those that systems give to whoever asks for any, 32768 and above: the next to
// ask would get it before that server does.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(20_000 + int(lastPort.Add(1)%10_000))
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}

// eventually asks until the answer is yes.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	if !within(t, patience, ok) {
		t.Fatalf("waited %v for %s", patience, what)
	}
}

// within asks until the answer is yes or the time is over.
func within(t *testing.T, limit time.Duration, ok func() bool) bool {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for !ok() {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}
