package monitoring

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// caddy is one that runs, with the sandbox.
type caddy struct {
	t           *testing.T
	dir         string
	site, admin string
}

// gates have something to tell in every metric.
const gates = `{
	admin localhost:%[2]s
	storage file_system %[3]s/storage
	persist_config off
	metrics
	proconnect {
		environment sandbox
	}
}

http://localhost:%[1]s {
	bind 127.0.0.1
	proconnect {
		allow siret from %[3]s/list.txt
		report {
			allow roles agent_public_territorial
			deny belonging_population prestataire
		}
	}
	respond inside
}
`

// newCaddy starts Caddy: CADDY_BIN, or one that is built.
func newCaddy(t *testing.T) *caddy {
	t.Helper()
	c := &caddy{t: t, dir: t.TempDir()}
	binary := os.Getenv("CADDY_BIN")
	if binary == "" {
		binary = filepath.Join(c.dir, "caddy")
		build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./cmd/caddy")
		build.Dir = "../.."
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
	}
	sitePort, adminPort := freePort(t), freePort(t)
	c.site, c.admin = "http://localhost:"+sitePort, "http://localhost:"+adminPort
	c.write("list.txt", "13002526500013\n21920023500014\n")
	c.write("Caddyfile", fmt.Sprintf(gates, sitePort, adminPort, c.dir))
	cmd := exec.Command(binary, "run", "--config", filepath.Join(c.dir, "Caddyfile"))
	cmd.Env = append(os.Environ(), "HOME="+c.dir, "XDG_DATA_HOME="+c.dir, "XDG_CONFIG_HOME="+c.dir)
	log, err := os.Create(filepath.Join(c.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		log.Close()
	})
	c.await()
	return c
}

func (c *caddy) write(name, text string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// freePort is one that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// await waits until Caddy answers.
func (c *caddy) await() {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		if resp, err := http.Get(c.site + "/"); err == nil {
			resp.Body.Close()
			return
		}
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(c.dir, "log"))
			c.t.Fatalf("Caddy does not answer:\n%s", log)
		case <-tick.C:
		}
	}
}

// metrics are the lines of /metrics that are ours.
func (c *caddy) metrics() (lines []string) {
	c.t.Helper()
	text := c.read(http.Get(c.admin + "/metrics"))
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "caddy_proconnect_") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

func (c *caddy) read(resp *http.Response, err error) string {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return string(text)
}

// navigates has requests look like a browser's.
type navigates struct{}

func (navigates) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, value := range map[string]string{"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"} {
		r.Header.Set(name, value)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// login logs in as a person of the sandbox's page.
func (c *caddy) login(person string) {
	c.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Transport: navigates{}}
	asked, err := browser.Get(c.site + "/.proconnect/login?return_to=%2F")
	if err != nil {
		c.t.Fatal(err)
	}
	asked.Body.Close()
	c.read(browser.PostForm(asked.Request.URL.String(), url.Values{"person": {person}}))
}

// failLogin comes back from ProConnect with what nobody has sent there.
func (c *caddy) failLogin() {
	c.t.Helper()
	browser := &http.Client{Transport: navigates{}}
	c.read(browser.Get(c.site + "/.proconnect/callback?code=x&state=y"))
}
